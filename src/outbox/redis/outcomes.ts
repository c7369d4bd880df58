import type {
  DeadLetterCause,
  DeliveryOutcome,
  StoredDeadLetter,
} from '../outbox.js';
import { msOf, toEvent } from './chunks.js';

export function toDeadLetter(entry: string, letter: string): StoredDeadLetter {
  const end = letter.indexOf('\n');
  const [failedAttempts, cause = ''] = letter.slice(0, end).split('\t');
  const { id, payload, createdAt } = toEvent(letter.slice(end + 1));
  return {
    id,
    payload,
    createdAt,
    ...(JSON.parse(cause) as DeadLetterCause),
    failedAttempts: Number(failedAttempts),
    deadLetteredAt: msOf(entry),
    cursor: entry,
  };
}

/** What is recorded under a receipt: nothing, `delivered`, or why it is a dead letter. */
export function toOutcome(
  receipt: string,
  recorded: string | null | undefined,
): DeliveryOutcome[] {
  if (recorded === null || recorded === undefined) return [];
  if (recorded === 'delivered') return [{ receipt, outcome: 'delivered' }];
  const cause = JSON.parse(recorded) as DeadLetterCause;
  return [{ receipt, outcome: 'deadLettered', ...cause }];
}
