import { OdpConfigurationError, type OdpViolation } from '../errors/index.js';
import { OptionReader } from '../options/index.js';

/**
 * Reads the options of an outbox.
 *
 * @param factory what makes the outbox, such as `redisOutbox`, for messages
 * @param read may report problems of its own
 * @throws OdpConfigurationError with everything that is wrong
 */
export function readOutboxOptions<T extends object, R>(
  given: unknown,
  factory: string,
  defaults: T,
  read: (options: OptionReader<T>, problems: OdpViolation[]) => R,
): R {
  const problems: OdpViolation[] = [];
  const options = new OptionReader(given, factory, defaults, problems);
  const values = read(options, problems);
  options.refuseUnknown();
  if (problems.length > 0) throw new OdpConfigurationError(problems);
  return values;
}
