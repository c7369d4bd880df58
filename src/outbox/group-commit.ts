import type { OutboxEvent } from './outbox.js';
import { sizeOf } from './size-of.js';
import type { WaitingEvents } from './waiting-events.js';

/** How many events go to a server at once, unless one caller brings more. */
const GROUP = 1000;
/** The same, in characters of payload. */
const GROUP_SIZE = 4 * 1024 * 1024;

type List = readonly OutboxEvent[];

/** Lists that were not stored, and why. */
type Failures = ReadonlyMap<List, unknown>;

interface Group {
  readonly lists: List[];
  count: number;
  size: number;
  readonly stored: Promise<Failures>;
  resolve(failures: Failures): void;
  reject(reason: unknown): void;
}

/**
 * Stores what arrives while a write is under way with the next write, so that
 * many callers share a round trip. A lone caller waits for nobody.
 */
export class GroupCommit {
  readonly #bound: WaitingEvents;
  readonly #store: (events: List) => Promise<void>;
  readonly #isRefusal: (error: unknown) => boolean;
  #waiting: Group[] = [];
  #underWay: Promise<void> | undefined;

  /**
   * @param bound of what may wait in all
   * @param store takes events in, all or none
   * @param isRefusal whether a write failed for what one of its events holds
   */
  constructor(
    bound: WaitingEvents,
    store: (events: List) => Promise<void>,
    isRefusal: (error: unknown) => boolean = () => false,
  ) {
    this.#bound = bound;
    this.#store = store;
    this.#isRefusal = isRefusal;
  }

  /**
   * Resolves once the events are stored.
   *
   * @throws OdpOutboxError at once when too many are waiting
   */
  add(events: List): Promise<void> {
    const size = sizeOf(events);
    this.#bound.came(events.length, size);
    let group = this.#waiting.at(-1);
    if (
      group === undefined ||
      group.count + events.length > GROUP ||
      group.size + size > GROUP_SIZE
    ) {
      group = newGroup();
      this.#waiting.push(group);
    }
    group.lists.push(events);
    group.count += events.length;
    group.size += size;
    this.#underWay ??= this.#work();
    // Every caller has one of these: an async function would cost it three.
    return group.stored.then((failures) => {
      if (failures.has(events)) throw failures.get(events);
    });
  }

  /** Rejects everything that waits, for what went wrong with the write under way. */
  abandon(reason: unknown): void {
    for (const group of this.#waiting.splice(0)) {
      this.#bound.left(group.count, group.size);
      group.reject(reason);
    }
  }

  /** Resolves once nothing is under way any more, whatever became of it. */
  async idle(): Promise<void> {
    await this.#underWay;
  }

  async #work(): Promise<void> {
    for (
      let group = this.#waiting.shift();
      group !== undefined;
      group = this.#waiting.shift()
    ) {
      const failures = new Map<List, unknown>();
      await this.#storeAll(group.lists, failures);
      this.#bound.left(group.count, group.size);
      group.resolve(failures);
    }
    this.#underWay = undefined;
  }

  /** In halves if one of them is refused, so that the others are stored. */
  async #storeAll(
    lists: readonly List[],
    failures: Map<List, unknown>,
  ): Promise<void> {
    try {
      await this.#store(lists.flat());
    } catch (error) {
      if (lists.length === 1 || !this.#isRefusal(error)) {
        for (const list of lists) failures.set(list, error);
        return;
      }
      const half = lists.length >> 1;
      await this.#storeAll(lists.slice(0, half), failures);
      await this.#storeAll(lists.slice(half), failures);
    }
  }
}

function newGroup(): Group {
  let resolve!: (failures: Failures) => void;
  let reject!: (reason: unknown) => void;
  const stored = new Promise<Failures>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { lists: [], count: 0, size: 0, stored, resolve, reject };
}
