import { OdpValidationError } from '../errors/index.js';
import { type OptionReader, readCallOptions } from '../options/index.js';
import type { DeadLetterFilter, DeadLetterPage } from '../outbox/index.js';

const DEFAULT_LIMIT = 100;
const FILTER: Readonly<Record<keyof DeadLetterFilter, undefined>> = {
  ids: undefined,
  reason: undefined,
  before: undefined,
};

/**
 * Checks a filter: a misspelt condition would otherwise match every dead letter.
 *
 * @throws OdpValidationError
 */
export const checkFilter = (filter: unknown): DeadLetterFilter =>
  readCallOptions(filter, FILTER, conditionsOf, 'filter');

/** @throws OdpValidationError */
export const checkPage = (filter: unknown): DeadLetterFilter & DeadLetterPage =>
  readCallOptions(
    filter,
    { ...FILTER, limit: DEFAULT_LIMIT, after: undefined },
    (read) => ({
      ...conditionsOf(read),
      limit: read.integer('limit', 1),
      after: read.optional(
        'after',
        isText,
        'must be the cursor of a dead letter',
      ),
    }),
    'filter',
  );

/**
 * Checks which dead letters are forgotten: by `{ all: true }`, all.
 *
 * @throws OdpValidationError
 */
export function checkPurge(given: unknown): DeadLetterFilter {
  const { all, ...filter } = readCallOptions(
    given,
    { ...FILTER, all: false },
    (read) => ({ ...conditionsOf(read), all: read.flag('all') }),
    'filter',
  );
  if (all) return {};
  if (Object.values(filter).some((value) => value !== undefined)) return filter;
  const message = 'must say which dead letters to forget, or { all: true }';
  throw new OdpValidationError([{ path: 'filter', message }], 'request');
}

const conditionsOf = (read: OptionReader<typeof FILTER>): DeadLetterFilter => ({
  ids: read.optional('ids', isList, 'must be a list of idempotence_ids'),
  reason: read.oneOf('reason', ['rejected', 'expired']),
  before: read.optional(
    'before',
    (value): value is number => Number.isFinite(value),
    'must be a time in ms since the epoch',
  ),
});

const isText = (value: unknown): value is string => typeof value === 'string';

const isList = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every(isText);
