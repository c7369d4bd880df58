import type { DeadLetter, DeadLetterFilter } from './outbox.js';

/** Whether a dead letter meets every condition of the filter. */
export function matchesFilter(
  { id, reason, buriedAt }: Pick<DeadLetter, 'id' | 'reason' | 'buriedAt'>,
  filter: DeadLetterFilter,
): boolean {
  return (
    (filter.ids === undefined || filter.ids.includes(id)) &&
    (filter.reason === undefined || filter.reason === reason) &&
    (filter.before === undefined || buriedAt < filter.before)
  );
}
