import type { StoredDeadLetter, DeadLetterFilter } from './outbox.js';

/** Whether a dead letter meets every condition of the filter. */
export function matchesFilter(
  {
    id,
    reason,
    deadLetteredAt,
  }: Pick<StoredDeadLetter, 'id' | 'reason' | 'deadLetteredAt'>,
  filter: DeadLetterFilter,
): boolean {
  return (
    (filter.ids === undefined || filter.ids.includes(id)) &&
    (filter.reason === undefined || filter.reason === reason) &&
    (filter.before === undefined || deadLetteredAt < filter.before)
  );
}
