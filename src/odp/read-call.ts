import { detailOf } from './read-answer.js';
import { redactSent } from './redact-sent.js';
import { parseRetryAfter } from './retry-after.js';
import type { OdpTransportResponse } from './transport.js';

/** How much of an answer is read; a larger one is a failure. */
export const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

/** A successful answer. */
export interface OdpCallAnswer {
  /** A 2xx. */
  readonly status: number;
  /** The JSON value; `undefined` if there is no body. */
  readonly body: unknown;
}

/** How a call failed. */
export interface CallFailure {
  /** `undefined` when there was no answer. */
  readonly status: number | undefined;
  /** In a few words of our own, for traces. */
  readonly problem: string;
  /** ODP's message, with what was sent blacked out; may be empty. */
  readonly message: string;
  /** The answer's body; may hold anything. */
  readonly body: string;
  /** `never`: it was refused; `always`: ODP has not processed it; `idempotent`: ODP may have. */
  readonly repeat: 'never' | 'always' | 'idempotent';
  /** How long ODP asks to wait, in ms. */
  readonly retryAfter: number | undefined;
}

/** Errors before anything was sent. */
const UNSENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/**
 * Reads the answer to a call.
 *
 * @param sent values that no message may show
 * @param now the time in ms since the epoch, for a `Retry-After` date
 */
export function readCall(
  { status, headers, body }: OdpTransportResponse,
  sent: () => readonly unknown[],
  now: number,
): OdpCallAnswer | CallFailure {
  const failed = (
    problem: string,
    repeat: CallFailure['repeat'],
    message = '',
    retryAfter?: number,
  ): CallFailure => ({ status, problem, message, body, repeat, retryAfter });

  if (Buffer.byteLength(body) > MAX_ANSWER_BYTES) {
    return failed(`an answer of more than ${MAX_ANSWER_BYTES} bytes`, 'never');
  }
  if (status >= 200 && status < 300) {
    if (body.trim() === '') return { status, body: undefined };
    try {
      return { status, body: JSON.parse(body) as unknown };
    } catch {
      return failed(`status ${status}, but no JSON: a proxy answered`, 'never');
    }
  }
  const message = redactSent(detailOf(body).message, sent());
  if (status === 429) {
    const wait = parseRetryAfter(headers['retry-after'], now);
    return failed(`status ${status}`, 'always', message, wait);
  }
  if (status === 503) {
    const wait = parseRetryAfter(headers['retry-after'], now);
    return failed(`status ${status}`, 'idempotent', message, wait);
  }
  const isPassing = status === 408 || status === 425 || status >= 500;
  return failed(
    `status ${status}`,
    isPassing ? 'idempotent' : 'never',
    message,
  );
}

/** There was no answer. */
export const noAnswer = (reason: string): CallFailure => ({
  status: undefined,
  problem: reason,
  message: '',
  body: '',
  repeat: UNSENT.has(reason) ? 'always' : 'idempotent',
  retryAfter: undefined,
});
