import type { Struck } from '../faults/active-faults.js';
import type { OdpReceivedRequest } from '../state/received.js';
import { type Answer, faultAnswer } from './answer.js';

/** A request once its body has been read. */
export interface WireRequest extends Pick<
  OdpReceivedRequest,
  'method' | 'path' | 'headers'
> {
  /** `undefined`: it was larger than allowed. */
  readonly body: Buffer | undefined;
}

/** What happens to a request. */
export interface Outcome {
  readonly outcome: OdpReceivedRequest['outcome'];
  /** `undefined` unless the outcome is `answered`. */
  readonly answer: Answer | undefined;
  /** ms until then. */
  readonly latency: number;
}

/** Answers requests that faults may strike. */
export interface Receiver {
  /** Loads what an answer needs. */
  prepare?(path: string): Promise<void>;
  receive(request: WireRequest): Outcome;
}

/** What became of a request that these faults struck. */
export function outcomeOf(
  struck: Struck | undefined,
): OdpReceivedRequest['outcome'] {
  const ending = struck?.ending;
  if (ending === undefined || 'status' in ending) return 'answered';
  return 'hang' in ending ? 'hung' : 'reset';
}

/**
 * What faults leave of a request: an answer of theirs, nothing at all, or
 * `undefined` if it is to be handled as usual.
 */
export function endedBy(
  struck: Struck | undefined,
): { readonly answer?: Answer } | undefined {
  const ending = struck?.ending;
  if (ending === undefined) return undefined;
  if ('status' in ending) return { answer: faultAnswer(ending) };
  return 'hang' in ending || ending.reset === 'before' ? {} : undefined;
}
