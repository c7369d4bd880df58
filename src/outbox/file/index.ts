import { OptionReader, type OptionsOf } from '../../options/index.js';
import {
  OdpConfigurationError,
  type OdpViolation,
} from '../../errors/index.js';
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
  const problems: OdpViolation[] = [];
  const read = new OptionReader(
    options,
    'fileOutbox',
    new FileOutboxOptions(),
    problems,
  );
  const path = read.required(
    'path',
    (value): value is string =>
      typeof value === 'string' && value.trim() !== '',
    'must name a directory, such as ./odp-outbox',
  );
  const capacity = read.integer('capacity', 1);
  read.refuseUnknown();
  if (problems.length > 0) throw new OdpConfigurationError(problems);
  return new FileOutbox({ path, capacity });
}
