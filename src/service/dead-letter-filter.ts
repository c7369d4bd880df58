import { OdpValidationError, type OdpViolation } from '../errors/index.js';
import { pathOf } from '../names.js';
import type { DeadLetterFilter } from '../outbox/index.js';

/** Says what a condition must be; `undefined` if it is. */
const CONDITIONS = new Map<string, (value: unknown) => string | undefined>([
  [
    'ids',
    (value) =>
      Array.isArray(value) && value.every((id) => typeof id === 'string')
        ? undefined
        : 'must be a list of idempotence_ids',
  ],
  [
    'reason',
    (value) =>
      value === 'rejected' || value === 'expired'
        ? undefined
        : "must be 'rejected' or 'expired'",
  ],
  [
    'before',
    (value) =>
      Number.isFinite(value)
        ? undefined
        : 'must be a time in ms since the epoch',
  ],
]);

const NO_CONDITION = `is not a condition; there are ${[...CONDITIONS.keys()].join(', ')}`;

/**
 * Checks a filter: a misspelt condition would otherwise match every dead letter.
 *
 * @throws OdpValidationError
 */
export function checkFilter(filter: DeadLetterFilter): void {
  const problems: OdpViolation[] = [];
  for (const [name, value] of Object.entries(filter)) {
    if (value === undefined) continue;
    const check = CONDITIONS.get(name);
    const message = check === undefined ? NO_CONDITION : check(value);
    if (message !== undefined)
      problems.push({ path: pathOf('filter', name), message });
  }
  if (problems.length > 0) throw new OdpValidationError(problems);
}
