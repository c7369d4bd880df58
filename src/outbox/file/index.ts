import type { OptionsOf } from '../../options/index.js';
import { readOutboxOptions } from '../read-outbox-options.js';
import type { OdpOutbox } from '../outbox.js';
import { FileOutbox } from './file-outbox.js';
import { FileOutboxOptions } from './file-outbox.options.js';

export { FileOutboxOptions } from './file-outbox.options.js';

/**
 * Keeps accepted events in a directory of this machine until ODP has them, on
 * LevelDB (the package `classic-level`). Events whose `sendOdpEvent` has resolved
 * survive a crash, `kill -9` and a reboot. For one process per directory.
 *
 * @throws OdpConfigurationError when an option is missing or out of range
 */
export function fileOutbox(
  options: Pick<FileOutboxOptions, 'path'> & OptionsOf<FileOutboxOptions>,
): OdpOutbox {
  const defaults = new FileOutboxOptions();
  return new FileOutbox(
    readOutboxOptions(options, 'fileOutbox', defaults, (read) => ({
      path: read.required(
        'path',
        (value): value is string =>
          typeof value === 'string' && value.trim() !== '',
        'must name a directory, such as ./odp-outbox',
      ),
      capacity: read.integer('capacity', 1),
    })),
  );
}
