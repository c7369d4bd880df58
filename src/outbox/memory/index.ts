import { OptionReader, type OptionsOf } from '../../options/index.js';
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
  const problems: OdpViolation[] = [];
  const defaults = new MemoryOutboxOptions();
  const read = new OptionReader(options, 'memoryOutbox', defaults, problems);
  const capacity = read.integer('capacity', 1);
  const whenFull =
    read.oneOf('whenFull', ['reject', 'drop-oldest', 'wait']) ??
    defaults.whenFull;
  read.refuseUnknown();
  if (problems.length > 0) throw new OdpConfigurationError(problems);
  return new MemoryOutbox({ capacity, whenFull });
}
