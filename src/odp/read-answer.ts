import { parseRetryAfter } from './retry-after.js';
import type { OdpTransportResponse } from './transport.js';

/** An event of the batch that ODP names as invalid. */
export interface InvalidEvent {
  /** Its index in the batch. */
  readonly index: number;
  /** ODP's message. */
  readonly message: string;
}

/** What an answer means for its batch. */
export type Answer =
  /** ODP has the events. */
  | { readonly kind: 'accepted' }
  /** These events are refused; the others may be sent again. */
  | { readonly kind: 'invalid'; readonly invalids: readonly InvalidEvent[] }
  /** Something in the batch is refused, and the answer does not say what. */
  | {
      readonly kind: 'refused';
      readonly reason: string;
      /** Whether it is ODP's own answer, and not that of something on the way. */
      readonly fromOdp: boolean;
    }
  /** The key or the host is wrong, or what answered is not ODP: no event is to blame. */
  | { readonly kind: 'misconfigured' }
  /** ODP cannot take it now. */
  | { readonly kind: 'unavailable'; readonly retryAfter: number | undefined };

/** Statuses that blame what was sent. */
const REFUSED = new Set([400, 413, 415, 422]);
/** Statuses that ask to try again; so does every 5xx. */
const UNAVAILABLE = new Set([408, 425, 429]);

/** Whether the body, and not just the status, decides what becomes of the events. */
export const needsWholeBody = (status: number): boolean => REFUSED.has(status);

/**
 * Reads ODP's answer to a batch. A 3xx or 4xx that ODP does not document counts
 * as a misconfiguration, since that loses nothing.
 *
 * @param size how many events the batch held
 * @param now the time in ms since the epoch, for a `Retry-After` date
 */
export function readAnswer(
  { status, headers, body }: OdpTransportResponse,
  size: number,
  now: number,
): Answer {
  if (status >= 200 && status < 300) {
    return { kind: isFromOdp(body) ? 'accepted' : 'misconfigured' };
  }
  if (REFUSED.has(status)) {
    const detail = detailOf(body);
    const invalids = status === 400 ? invalidsOf(detail, size) : [];
    return invalids.length > 0
      ? { kind: 'invalid', invalids }
      : {
          kind: 'refused',
          reason: textOf(detail.message),
          fromOdp: isOdpError(body),
        };
  }
  if (UNAVAILABLE.has(status) || status >= 500) {
    const saysWhen = status === 429 || status === 503;
    return {
      kind: 'unavailable',
      retryAfter: saysWhen
        ? parseRetryAfter(headers['retry-after'], now)
        : undefined,
    };
  }
  return { kind: 'misconfigured' };
}

/**
 * ODP acknowledges with JSON or no body. Any other 2xx is a login page or a
 * proxy's own answer, and ODP does not have the events. A body that starts like
 * an object may have been cut off: the status still counts.
 */
const isFromOdp = (body: string) => /^\s*(?:[[{]|$)/.test(body) || isJson(body);

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** ODP's errors carry a `detail` object, or at least a `title` and a `timestamp`; no page of a proxy does. */
function isOdpError(body: string): boolean {
  const { title, timestamp, detail } = objectOf(body);
  return (
    (typeof detail === 'object' && detail !== null) ||
    (typeof title === 'string' && typeof timestamp === 'string')
  );
}

/** What a body holds; nothing if it is no JSON object. */
function objectOf(body: string): Readonly<Record<string, unknown>> {
  try {
    return (JSON.parse(body) ?? {}) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}

export interface Detail {
  readonly invalids?: unknown;
  readonly message?: unknown;
}

/** Bodies are not always JSON, or of the documented shape. */
export function detailOf(body: string): Detail {
  const { detail, message } = objectOf(body);
  return detail ?? { message };
}

function invalidsOf({ invalids }: Detail, size: number): InvalidEvent[] {
  if (!Array.isArray(invalids)) return [];
  const found = new Map<number, InvalidEvent>();
  for (const entry of invalids as unknown[]) {
    const { event: index, message } = (entry ?? {}) as {
      event?: unknown;
      message?: unknown;
    };
    if (typeof index !== 'number' || !Number.isInteger(index)) continue;
    if (index < 0 || index >= size || found.has(index)) continue;
    found.set(index, { index, message: textOf(message) });
  }
  return [...found.values()];
}

/** It may echo an event, whose NULs must not break a database. It stays whole, since it may be cut only after redaction. */
const textOf = (value: unknown) =>
  typeof value === 'string' ? value.replaceAll(/\p{Cc}/gu, ' ') : '';
