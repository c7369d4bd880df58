import type { OdpSandbox } from '../odp-sandbox.js';
import { type OdpReceivedRequest, withoutSecrets } from '../state/received.js';
import { eventLine, refusedLine } from './event-line.js';
import type { LogFormat } from './flags.js';

/** How the log reads. */
export interface LogOptions {
  readonly format: LogFormat;
  /** Whether only one API key is accepted. */
  readonly needsKey: boolean;
}

/** Prints the start screen, then what arrives. */
export function startLog(
  sandbox: OdpSandbox,
  { format, needsKey }: LogOptions,
  out: (line: string) => void,
): void {
  if (format === 'json') {
    const json = (type: string, value: object) =>
      out(JSON.stringify({ type, ...value }));
    json('started', { url: sandbox.url, pid: process.pid });
    sandbox.onRequest((request) => json('request', withoutSecrets(request)));
    sandbox.onEvents((events) => {
      for (const received of events) json('event', received);
    });
    return;
  }
  for (const line of startScreen(sandbox, needsKey)) out(line);
  if (format === 'none') return;
  sandbox.onRequest((request) => {
    if (isRefused(request)) out(refusedLine(request));
  });
  sandbox.onEvents((events) => {
    for (const received of events) out(eventLine(received));
  });
}

function* startScreen(
  sandbox: OdpSandbox,
  needsKey: boolean,
): Generator<string> {
  const { url } = sandbox;
  yield `ODP sandbox: ${url}`;
  yield '';
  yield `  See events   open ${url} in a browser`;
  yield `  Your app     OPTIMIZELY_ODP_API_HOST=${url}`;
  yield `               OPTIMIZELY_ODP_API_KEY=${needsKey ? '(that of --api-key)' : 'any-key'}`;
  yield `  Datafile     ${sandbox.datafileUrl}`;
  yield `  Tests        curl ${url}/_sandbox/events`;
  const kept = sandbox.events().length;
  if (kept > 0) yield `  Kept         ${kept} events of an earlier run`;
  for (const { description } of sandbox.faults()) {
    yield `  Fault on     ${description}`;
  }
  yield '';
  yield 'Events appear below as they arrive. Ctrl+C stops the sandbox.';
}

function isRefused({ status }: OdpReceivedRequest): boolean {
  return status === undefined || status >= 300;
}
