import { OdpConfigurationError, OdpOutboxError } from '../../errors/index.js';

/** How to recognise a failure, by error code or LevelDB's words, and what to say about it. */
const KNOWN: readonly [RegExp, (path: string) => string][] = [
  [
    /LEVEL_LOCKED/,
    (path) =>
      `${path} is in use by another process, or by another outbox of this one. ` +
      'Give each its own path, for example with the worker id in it, or share one backlog with redisOutbox() or postgresOutbox().',
  ],
  [
    /ENOSPC|EDQUOT|No space left|quota exceeded/i,
    (path) =>
      `No space is left on the disk of ${path}. ` +
      'Free some or enlarge it: events are accepted again as soon as there is space.',
  ],
  [
    /EROFS|EACCES|EPERM|Read-only file system|Permission denied/i,
    (path) =>
      `${path} cannot be written: it is read-only, or the user that runs the app may not. ` +
      'Make it writable, or choose another path.',
  ],
  [
    /EEXIST|ENOTDIR|Not a directory/i,
    (path) =>
      `${path} is not a directory: it, or a part of the path, is a file. ` +
      'Choose another path, or move that file.',
  ],
  [
    /LEVEL_CORRUPTION|Corruption/,
    (path) =>
      `The data in ${path} is damaged. Stop the app and keep a copy of the directory, then either let ` +
      'ClassicLevel.repair(path) of the package classic-level recover what is readable, or start with another path.',
  ],
];

/** Says what went wrong with the directory at `path`, and how to fix it. */
export function storeError(
  path: string,
  error: unknown,
): OdpOutboxError | OdpConfigurationError {
  if (error instanceof OdpOutboxError) return error;
  const words = inWords(error);
  if (/MODULE_NOT_FOUND/.test(words)) {
    return new OdpConfigurationError([
      {
        path: 'outbox',
        message:
          'fileOutbox() needs the package classic-level, which is not installed: npm install classic-level',
      },
    ]);
  }
  const [, explain] = KNOWN.find(([pattern]) => pattern.test(words)) ?? [];
  const message =
    explain?.(path) ??
    `The file outbox at ${path} failed (${words}). Check the disk and that the directory is still there: it is tried again with the next event.`;
  return new OdpOutboxError(message, { cause: error });
}

/** Codes and messages of an error and its causes: LevelDB's own reason is a cause. */
function inWords(error: unknown): string {
  const words: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code } = at as NodeJS.ErrnoException;
    words.push(code === undefined ? at.message : `${code}: ${at.message}`);
  }
  return words.length === 0 ? String(error) : words.join('; ');
}
