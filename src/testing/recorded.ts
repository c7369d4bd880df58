import type { OdpEventData } from '../events/index.js';

/** An event as it was sent to ODP. */
export interface RecordedOdpEvent {
  readonly type: string;
  readonly action: string;
  readonly identifiers: Readonly<Record<string, string>>;
  readonly data: OdpEventData;
}

/** A request that would have gone to ODP. */
export interface RecordedOdpRequest {
  /** The name of the account that sent it, `default` unless the module was given one. */
  readonly account: string;
  /** Where it would have gone, such as `https://api.us1.odp.optimizely.com/v3/events`. */
  readonly url: string;
  /** Its events, in order. */
  readonly events: readonly RecordedOdpEvent[];
  /** How often its events have been sent, including this time; 1 unless they are retried. */
  readonly attempt: number;
}

/** What a {@link RecordingOdpTransport} answers. */
export interface RecordedOdpAnswer {
  /** @default 202 */
  readonly status?: number | undefined;
  /** @default {} */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Text, or what is sent as JSON. */
  readonly body?: unknown;
}

/**
 * Answers a request: with a status, with more, or, if it returns nothing, as ODP does
 * when all is well. If it throws, there is no answer.
 */
export type OdpResponder = (
  request: RecordedOdpRequest,
) =>
  | number
  | RecordedOdpAnswer
  | void
  | Promise<number | RecordedOdpAnswer | void>;

/** For messages: its kind and the names of its identifiers, without their values. */
export function describeEvent({
  type,
  action,
  identifiers,
}: RecordedOdpEvent): string {
  return `${type}/${action} [${Object.keys(identifiers).join(', ')}]`;
}
