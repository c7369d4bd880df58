import type { OptionsOf } from '../../options/index.js';
import { readOutboxOptions } from '../read-outbox-options.js';
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
  return new MemoryOutbox(
    readOutboxOptions(options, 'memoryOutbox', defaults, (read) => ({
      capacity: read.integer('capacity', 1),
      whenFull:
        read.oneOf('whenFull', ['reject', 'drop-oldest', 'wait']) ??
        defaults.whenFull,
    })),
  );
}
