import {
  OdpSandbox,
  type OdpSandboxOptions,
} from 'nestjs-optimizely-odp/sandbox';
import { afterEach } from 'vitest';

/** Starts sandboxes that are closed after each test. */
export function sandboxes() {
  const started: OdpSandbox[] = [];
  afterEach(() => Promise.all(started.splice(0).map((one) => one.close())));
  return async (options?: OdpSandboxOptions): Promise<OdpSandbox> => {
    const sandbox = await OdpSandbox.start(options);
    started.push(sandbox);
    return sandbox;
  };
}

export interface Reply {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly headers: Headers;
}

/** Sends over real HTTP; a string body goes as it is. */
export async function request(
  sandbox: OdpSandbox,
  path: string,
  init: {
    method?: string;
    body?: unknown;
    headers?: Record<string, string>;
  } = {},
): Promise<Reply> {
  const { body, method = body === undefined ? 'GET' : 'POST' } = init;
  const response = await fetch(`${sandbox.url}${path}`, {
    method,
    redirect: 'manual',
    headers: { 'content-type': 'application/json', ...init.headers },
    ...(body === undefined
      ? {}
      : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    body: text.startsWith('{') ? JSON.parse(text) : { text },
    headers: response.headers,
  };
}

export const post = (sandbox: OdpSandbox, events: unknown) =>
  request(sandbox, '/v3/events', { body: events });

export const anEvent = (
  action: string,
  identifiers: Record<string, string> = { email: 'ada@example.com' },
  data: Record<string, unknown> = {},
) => ({ type: 'shop', action, identifiers, data });
