import { OdpValidationError, type OdpViolation } from '../errors/index.js';
import { OptionReader } from './option-reader.js';

/**
 * Reads the options of a call, which may be left out. A `null` is no way to
 * leave one out here: it may be somebody's mistake for `false`.
 *
 * @param defaults a value for each option that there is
 * @param read may report problems of its own
 * @throws OdpValidationError with everything that is wrong
 */
export function readCallOptions<T extends object, R>(
  given: unknown,
  defaults: T,
  read: (options: OptionReader<T>, problems: OdpViolation[]) => R,
  path = 'options',
): R {
  const problems: OdpViolation[] = [];
  const options = new OptionReader(given, path, defaults, problems);
  if (given === null) {
    const message = 'must be an object of options, or be left out (it is null)';
    problems.push({ path, message });
  }
  options.refuseNulls();
  const values = read(options, problems);
  options.refuseUnknown();
  if (problems.length > 0) throw new OdpValidationError(problems, 'request');
  return values;
}
