import { STATUS_CODES } from 'node:http';
import type { StatusFault } from '../faults/fault.js';
import type { OdpInvalidEvent } from '../state/received.js';

/** What goes back over the wire. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  /** Instead of `body`: this many bytes of JSON, or one byte at a time forever. */
  readonly abnormalBody?: { readonly bytes: number } | 'dribble';
  /** @default application/json */
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const HTML_PAGE =
  '<!doctype html><html><head><title>Sign in</title></head>' +
  '<body><form action="/login"><input name="user" /></form></body></html>';

/** ODP's envelope: `title`, `status`, `timestamp` and, for errors, `detail`. */
export function envelope(status: number, detail?: object): Answer {
  return json(status, {
    title: STATUS_CODES[status] ?? 'Error',
    status,
    timestamp: new Date().toISOString(),
    ...(detail === undefined ? {} : { detail }),
  });
}

export function json(status: number, body: unknown): Answer {
  return { status, body: JSON.stringify(body) };
}

export const accepted = (): Answer => envelope(202);

export const invalidEvents = (invalids: readonly OdpInvalidEvent[]): Answer =>
  envelope(400, { invalids });

export const badRequest = (message: string): Answer =>
  envelope(400, { message });

export const unparsable = (): Answer =>
  badRequest('Unable to parse request body.');

export const notFound = (message: string): Answer => envelope(404, { message });

/** The one documented refusal of a key. */
export const forbidden = (): Answer => json(403, { message: 'Forbidden' });

/** What a fault answers instead of ODP. */
export function faultAnswer(fault: StatusFault): Answer {
  const { status, retryAfter } = fault;
  const headers = {
    ...fault.headers,
    ...(retryAfter === undefined ? {} : { 'retry-after': `${retryAfter}` }),
  };
  if (fault.bodyBytes !== undefined) {
    const abnormalBody = { bytes: fault.bodyBytes };
    return { status, body: '', abnormalBody, headers };
  }
  if (fault.dribble) {
    return { status, body: '', abnormalBody: 'dribble', headers };
  }
  const body = fault.html ? HTML_PAGE : fault.body;
  if (body !== undefined) {
    const contentType = body.trimStart().startsWith('<')
      ? 'text/html; charset=utf-8'
      : 'application/json';
    return { status, body, contentType, headers };
  }
  return { ...(status === 403 ? forbidden() : envelope(status)), headers };
}
