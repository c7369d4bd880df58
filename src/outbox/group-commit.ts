import type { OutboxEvent } from './outbox.js';
import { sizeOf } from './size-of.js';

/** How many events go to a server at once, unless one caller brings more. */
const GROUP = 1000;
/** The same, in characters of payload. */
const GROUP_SIZE = 4 * 1024 * 1024;

interface Group {
  readonly events: OutboxEvent[];
  size: number;
  readonly stored: Promise<void>;
  resolve(): void;
  reject(reason: unknown): void;
}

/**
 * Collects what arrives during a write into the next one, so that many callers
 * share a round trip. A lone caller waits for nobody.
 */
export class GroupCommit {
  readonly #store: (events: readonly OutboxEvent[]) => Promise<void>;
  #waiting: Group[] = [];
  #underWay: Promise<void> | undefined;

  /** @param store stores events, all or none */
  constructor(store: (events: readonly OutboxEvent[]) => Promise<void>) {
    this.#store = store;
  }

  /** Resolves once the events are stored. */
  add(events: readonly OutboxEvent[]): Promise<void> {
    let group = this.#waiting.at(-1);
    const size = sizeOf(events);
    if (
      group === undefined ||
      group.events.length + events.length > GROUP ||
      group.size + size > GROUP_SIZE
    ) {
      group = newGroup();
      this.#waiting.push(group);
    }
    for (const event of events) group.events.push(event);
    group.size += size;
    this.#underWay ??= this.#work();
    return group.stored;
  }

  /** Rejects everything that waits, with the error of the write under way. */
  abandon(reason: unknown): void {
    for (const group of this.#waiting.splice(0)) group.reject(reason);
  }

  /** Resolves once nothing is under way any more, whatever the outcome. */
  async idle(): Promise<void> {
    await this.#underWay;
  }

  async #work(): Promise<void> {
    for (
      let group = this.#waiting.shift();
      group !== undefined;
      group = this.#waiting.shift()
    ) {
      try {
        await this.#store(group.events);
        group.resolve();
      } catch (error) {
        group.reject(error);
      }
    }
    this.#underWay = undefined;
  }
}

function newGroup(): Group {
  let resolve!: () => void;
  let reject!: (reason: unknown) => void;
  const stored = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { events: [], size: 0, stored, resolve, reject };
}
