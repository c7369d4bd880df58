import { constants, existsSync } from 'node:fs';
import { access, readdir, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ClassicLevel } from 'classic-level';
import { OdpOutboxError } from '../../errors/index.js';
import { storeError } from './store-error.js';

export type Level = ClassicLevel;

/** One change of a key; a `value` of `undefined` deletes it. */
export interface Change {
  readonly key: string;
  readonly value: string | undefined;
}

/** How much LevelDB gathers in memory before it writes a sorted file, in bytes. */
const WRITE_BUFFER = 8 * 1024 * 1024;

/**
 * A LevelDB directory, under its exclusive lock. After a failed write the end of
 * LevelDB's log is unknown, and anything written after it could be lost, so the
 * store is reopened before the next write.
 */
export class LevelStore {
  readonly #path: string;
  readonly #warn: (problem: string) => void;
  #db: Level;
  /** What was opened, to tell it from what may stand in its place later. */
  #opened: string;
  #warned = false;
  #doubtful = false;
  #reopening: Promise<void> | undefined;

  private constructor(
    path: string,
    db: Level,
    opened: string,
    warn: (problem: string) => void,
  ) {
    this.#path = path;
    this.#db = db;
    this.#opened = opened;
    this.#warn = warn;
  }

  /** @param warn logs what an operator must know */
  static async open(
    path: string,
    warn: (problem: string) => void = () => {},
  ): Promise<LevelStore> {
    try {
      const db = await openLevel(path, true);
      return new LevelStore(path, db, await identityOf(path), warn);
    } catch (error) {
      throw storeError(path, (await whyNotMade(path)) ?? error);
    }
  }

  /**
   * LevelDB goes on writing to files that were deleted.
   *
   * @throws OdpOutboxError when the directory was deleted or replaced
   */
  async assertThere(): Promise<void> {
    // Reopening rewrites the files.
    if (this.#reopening !== undefined) return;
    const opened = this.#opened;
    const found = await identityOf(this.#path).catch(() => undefined);
    if (found === this.#opened || opened !== this.#opened) return;
    const problem = `The directory ${this.#path} was deleted, moved or replaced while the app used it: waiting events are only in this process now, and nothing more is accepted. Put it back, or restart the app`;
    if (!this.#warned) this.#warn(`${problem}.`);
    this.#warned = true;
    throw new OdpOutboxError(`${problem}.`);
  }

  /** Writes all or none; with `sync`, resolves when it is on the disk. One at a time. */
  async write(changes: readonly Change[], sync: boolean): Promise<void> {
    if (this.#doubtful) await this.#reopen();
    try {
      await this.#db.batch(
        changes.map(({ key, value }) =>
          value === undefined
            ? { type: 'del', key }
            : { type: 'put', key, value },
        ),
        { sync },
      );
    } catch (error) {
      this.#doubtful = true;
      throw storeError(this.#path, error);
    }
  }

  async read<T>(read: (db: Level) => Promise<T>): Promise<T> {
    if (this.#reopening !== undefined || this.#db.status !== 'open') {
      await this.#reopen();
    }
    try {
      return await read(this.#db);
    } catch (error) {
      throw storeError(this.#path, error);
    }
  }

  async close(): Promise<void> {
    try {
      await this.#db.close();
    } catch (error) {
      throw storeError(this.#path, error);
    }
  }

  /** Concurrent callers wait for the same attempt. */
  async #reopen(): Promise<void> {
    this.#reopening ??= this.#openAnew().finally(() => {
      this.#reopening = undefined;
    });
    return this.#reopening;
  }

  async #openAnew(): Promise<void> {
    try {
      // Until it can be reopened, the old one can still be read.
      await assertWritable(this.#path);
      await this.#db.close();
      this.#db = await openLevel(this.#path, false);
      this.#opened = await identityOf(this.#path);
      this.#doubtful = false;
    } catch (error) {
      throw storeError(this.#path, error);
    }
  }
}

async function openLevel(
  path: string,
  createIfMissing: boolean,
): Promise<Level> {
  const { ClassicLevel } = await import('classic-level');
  const db: Level = new ClassicLevel(path, {
    createIfMissing,
    writeBufferSize: WRITE_BUFFER,
  });
  await db.open();
  return db;
}

/** LevelDB writes this file anew each time it opens the directory. */
async function identityOf(path: string): Promise<string> {
  const { dev, ino } = await stat(join(path, 'CURRENT'), { bigint: true });
  return `${dev} ${ino}`;
}

/** Of a directory that could not be created, Node only says that it is missing. */
async function whyNotMade(path: string): Promise<unknown> {
  let parent = dirname(path);
  if (existsSync(path)) return undefined;
  while (!existsSync(parent)) parent = dirname(parent);
  return access(parent, constants.W_OK).catch((error: unknown) => error);
}

/** Reopening rewrites LevelDB's log, which needs free space. */
async function assertWritable(path: string): Promise<void> {
  await access(path, constants.W_OK);
  let needed = 64 * 1024;
  for (const name of await readdir(path)) {
    if (name.endsWith('.log')) needed += (await stat(join(path, name))).size;
  }
  const { bavail, bsize } = await statfs(path);
  if (bavail * bsize < needed) {
    throw new Error(`ENOSPC: ${needed} bytes are needed to reopen it`);
  }
}
