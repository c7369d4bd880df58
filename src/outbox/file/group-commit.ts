import { Fifo } from '../fifo.js';
import type { OutboxEvent } from '../outbox.js';
import type { Backlog } from './backlog.js';
import { Chunk } from './chunk.js';
import type { DiskSpace } from './disk-space.js';
import { bodyKey, headerKey } from './format.js';
import type { Change, LevelStore } from './level-store.js';

/** Something that must be on the disk before its caller goes on. */
export interface Job {
  /** Events that join the backlog. */
  readonly events: readonly OutboxEvent[];
  /** What else to store with them; called when the job's turn has come. */
  readonly changes?: () => readonly Change[];
  /** Called as soon as it is stored, before anyone can claim its events. */
  readonly stored?: () => void;
}

interface Waiting extends Job {
  resolve(): void;
  reject(reason: unknown): void;
}

/** How much payload goes into one write, in characters, unless one job has more. */
const MAX_SIZE = 8 * 1024 * 1024;

/**
 * Writes one batch at a time, synced. Jobs that arrive meanwhile become the next
 * batch, so that many callers share one wait for the disk.
 */
export class GroupCommit {
  readonly #store: Pick<LevelStore, 'write'>;
  readonly #backlog: Backlog;
  readonly #disk: Pick<DiskSpace, 'take'>;
  readonly #gone: (chunks: readonly Chunk[]) => void;
  readonly #jobs = new Fifo<Waiting>();
  #changed = new Set<Chunk>();
  #running: Promise<void> | undefined;
  /** A failed write may have left chunks after the end of the backlog, up to here. */
  #leftovers = 0;

  /** @param gone called with chunks that were deleted, as all of their events are finished */
  constructor(
    store: Pick<LevelStore, 'write'>,
    backlog: Backlog,
    disk: Pick<DiskSpace, 'take'>,
    gone: (chunks: readonly Chunk[]) => void,
  ) {
    this.#store = store;
    this.#backlog = backlog;
    this.#disk = disk;
    this.#gone = gone;
  }

  /** Resolves when the whole job is on the disk; rejects if none of it counts. */
  commit(job: Job): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#jobs.push({ ...job, resolve, reject });
      this.#start();
    });
  }

  /**
   * Stores what is left of a chunk, eventually: if that gets lost, events are
   * delivered again with the same `idempotence_id`.
   */
  changed(chunk: Chunk): void {
    this.#changed.add(chunk);
    this.#start();
  }

  /** Whether something about its chunks is not on the disk. */
  get isBehind(): boolean {
    return this.#changed.size > 0;
  }

  /** Writes what waits, and gives up what fails again. */
  async flush(): Promise<void> {
    this.#start();
    await this.#running;
  }

  #start(): void {
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    try {
      let stored: boolean;
      do {
        // Callers of the same turn share the first write, too.
        await Promise.resolve();
        stored = await this.#writeNext();
      } while (this.#jobs.size > 0 || (stored && this.#changed.size > 0));
    } finally {
      this.#running = undefined;
    }
  }

  async #writeNext(): Promise<boolean> {
    const jobs = await this.#admitted(this.#takeJobs());
    const chunks: Chunk[] = [];
    let changed = new Set<Chunk>();
    try {
      const changes = jobs.flatMap((job) => job.changes?.() ?? []);
      chunks.push(
        ...Chunk.cut(eventsOf(jobs), this.#backlog.end, this.#backlog.storedAt),
      );
      [changed, this.#changed] = [this.#changed, changed];
      const gone = [...changed].filter(({ left }) => left === 0);
      for (const chunk of changed) changes.push(...changesOf(chunk));
      for (const { number, header, body } of chunks) {
        changes.push({ key: headerKey(number), value: header });
        changes.push({ key: bodyKey(number), value: body });
      }
      const end = this.#backlog.end + chunks.length;
      for (let number = end; number < this.#leftovers; number++) {
        changes.push(...deletionOf(number));
      }
      if (changes.length > 0) await this.#store.write(changes, jobs.length > 0);
      this.#leftovers = 0;
      for (const { stored } of jobs) stored?.();
      for (const chunk of chunks) this.#backlog.add(chunk);
      if (gone.length > 0) this.#gone(gone);
      for (const { resolve } of jobs) resolve();
      return true;
    } catch (error) {
      const end = this.#backlog.end + chunks.length;
      this.#leftovers = Math.max(this.#leftovers, end);
      for (const chunk of changed) this.#changed.add(chunk);
      for (const { reject } of jobs) reject(error);
      return false;
    }
  }

  /** Those whose events the disk has space for; the others are refused. */
  async #admitted(jobs: readonly Waiting[]): Promise<Waiting[]> {
    const admitted: Waiting[] = [];
    for (const job of jobs) {
      try {
        if (job.events.length > 0) {
          const measured = this.#disk.take(job.events);
          if (measured !== undefined) await measured;
        }
        admitted.push(job);
      } catch (error) {
        job.reject(error);
      }
    }
    return admitted;
  }

  #takeJobs(): Waiting[] {
    const jobs: Waiting[] = [];
    let size = 0;
    for (
      let job = this.#jobs.peek();
      job !== undefined && size < MAX_SIZE;
      job = this.#jobs.peek()
    ) {
      for (const { payload } of job.events) size += payload.length;
      jobs.push(job);
      this.#jobs.shift();
    }
    return jobs;
  }
}

function* eventsOf(jobs: readonly Job[]): Generator<OutboxEvent> {
  for (const { events } of jobs) yield* events;
}

const changesOf = (chunk: Chunk): readonly Change[] =>
  chunk.left === 0
    ? deletionOf(chunk.number)
    : [{ key: headerKey(chunk.number), value: chunk.header }];

const deletionOf = (number: number): readonly Change[] => [
  { key: headerKey(number), value: undefined },
  { key: bodyKey(number), value: undefined },
];
