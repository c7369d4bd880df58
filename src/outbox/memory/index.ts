import type { OptionsOf } from '../../options/index.js';
import {
  OdpConfigurationError,
  type OdpViolation,
} from '../../errors/index.js';
import type { OdpOutbox } from '../outbox.js';
import { MemoryOutbox } from './memory-outbox.js';
import { MemoryOutboxOptions } from './memory-outbox.options.js';

export { MemoryOutboxOptions, type WhenFull } from './memory-outbox.options.js';

/**
 * Keeps accepted events in this process until ODP has them; the default. It is
 * fast and bounded, and survives nothing: events that are undelivered when the
 * process ends are lost.
 *
 * @throws OdpConfigurationError when an option is out of range
 */
export function memoryOutbox(
  options: OptionsOf<MemoryOutboxOptions> = {},
): OdpOutbox {
  const defaults = new MemoryOutboxOptions();
  const capacity = options.capacity ?? defaults.capacity;
  const whenFull = options.whenFull ?? defaults.whenFull;
  const problems: OdpViolation[] = [];
  if (!Number.isSafeInteger(capacity) || capacity < 1) {
    problems.push({
      path: 'memoryOutbox.capacity',
      message: 'must be a whole number of at least 1',
    });
  }
  if (!['reject', 'drop-oldest', 'wait'].includes(whenFull)) {
    problems.push({
      path: 'memoryOutbox.whenFull',
      message: "must be 'reject', 'drop-oldest' or 'wait'",
    });
  }
  if (problems.length > 0) throw new OdpConfigurationError(problems);
  return new MemoryOutbox({ capacity, whenFull });
}
