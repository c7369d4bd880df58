import type { IncomingHttpHeaders } from 'node:http';

/** An event as it came in; absent `identifiers` and `data` read as empty. */
export interface OdpSandboxEvent {
  readonly type: string;
  readonly action?: string;
  readonly identifiers: Readonly<Record<string, string>>;
  readonly data: Readonly<Record<string, unknown>>;
}

/** An event that the sandbox accepted. */
export interface OdpReceivedEvent {
  /** Counts accepted events from 1, over the sandbox's whole life. */
  readonly seq: number;
  readonly receivedAt: Date;
  /** The `id` of the {@link OdpReceivedRequest} that brought it. */
  readonly requestId: number;
  /** Its place in that request, from 0. */
  readonly index: number;
  /** How many events that request held. */
  readonly batchSize: number;
  /** Whether an event with its `data.idempotence_id` had been accepted before. */
  readonly duplicate: boolean;
  /** The `seq` of the last such event. */
  readonly duplicateOf?: number;
  readonly event: OdpSandboxEvent;
}

/** One entry of a 400's `detail.invalids`. */
export interface OdpInvalidEvent {
  /** Its place in the request, from 0. */
  readonly event: number;
  readonly message: string;
}

/** A request to `/v3`, whatever became of it. */
export interface OdpReceivedRequest {
  /** Counts requests from 1, over the sandbox's whole life. */
  readonly id: number;
  readonly receivedAt: Date;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** Names in lower case; `x-api-key` included. */
  readonly headers: IncomingHttpHeaders;
  /** The parsed body; `undefined` if there was none or it did not parse. */
  readonly body: unknown;
  /** How many events it held; 0 if it was not about events. */
  readonly batchSize: number;
  /** How many of them were accepted. */
  readonly accepted: number;
  /** Only faults cause `hung` and `reset`. */
  readonly outcome: 'answered' | 'hung' | 'reset';
  /** The status that was answered; `undefined` if there was no answer. */
  readonly status: number | undefined;
  /** The body that was answered; empty if there was none. */
  readonly answer: string;
  /** A description of each fault that struck it. */
  readonly faults: readonly string[];
}

const SECRET_HEADERS = ['x-api-key', 'authorization', 'cookie'];

/** The request for others to read: that a key came is shown, which one is not. */
export function withoutSecrets(
  request: OdpReceivedRequest,
): OdpReceivedRequest {
  const headers = { ...request.headers };
  for (const name of SECRET_HEADERS) {
    if (headers[name] !== undefined) headers[name] = '(not shown)';
  }
  return { ...request, headers };
}
