import { deepEqual, ok } from 'node:assert/strict';
import type { OdpSandbox } from '../../../src/sandbox/index.js';
import type { Refusal } from './config.js';
import type { Store } from './stores.js';

interface Watcher {
  readonly condition: () => boolean;
  resolve(): void;
}

/**
 * What apps were told is accepted, against what arrived at ODP. Each event is
 * known by an identifier `n` of its own, so that one which was made twice would
 * show as two idempotence_ids.
 */
export class Ledger {
  readonly accepted = new Map<string, string>();
  /** How often each event arrived, and with which idempotence_ids. */
  readonly #arrived = new Map<string, { times: number; ids: Set<string> }>();
  readonly refusals: Refusal[] = [];
  readonly #watchers = new Set<Watcher>();
  #missing = 0;
  #arrivals = 0;

  /** Listens to what arrives at an ODP. */
  watch(sandbox: OdpSandbox): void {
    sandbox.onEvents((events) => {
      for (const { event } of events) {
        const n = event.identifiers['n'] ?? '';
        const id = String(event.data['idempotence_id']);
        const known = this.#arrived.get(n);
        this.#arrivals++;
        if (known === undefined) {
          this.#arrived.set(n, { times: 1, ids: new Set([id]) });
          if (this.accepted.has(n)) this.#missing--;
        } else {
          known.times++;
          known.ids.add(id);
        }
      }
      this.#look();
    });
  }

  accept(events: readonly (readonly [n: string, id: string])[]): void {
    for (const [n, id] of events) {
      ok(!this.accepted.has(n), `${n} was accepted twice`);
      this.accepted.set(n, id);
      if (!this.#arrived.has(n)) this.#missing++;
    }
    this.#look();
  }

  refuse(refusals: readonly Refusal[]): void {
    this.refusals.push(...refusals);
    this.#look();
  }

  /** How many accepted events have not arrived yet. */
  get missing(): number {
    return this.#missing;
  }

  /** How many events arrived, duplicates included. */
  get arrivals(): number {
    return this.#arrivals;
  }

  get duplicates(): number {
    return this.#arrivals - this.#arrived.size;
  }

  /** Names of accepted events that have not arrived. */
  lost(): string[] {
    return [...this.accepted.keys()].filter((n) => !this.#arrived.has(n));
  }

  /** Resolves once that holds; rejects with what is missing when `ms` are over. */
  until(condition: () => boolean, what: string, ms = 240_000): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const over = setTimeout(() => {
        this.#watchers.delete(watcher);
        const { size } = this.accepted;
        const facts = `${size} accepted, ${this.#arrivals} arrived, ${this.#missing} missing (such as ${this.lost().slice(0, 5).join(', ')}), ${this.refusals.length} refused`;
        reject(new Error(`Not within ${ms} ms: ${what}; ${facts}.`));
      }, ms);
      const watcher: Watcher = {
        condition,
        resolve: () => {
          clearTimeout(over);
          resolve();
        },
      };
      this.#watchers.add(watcher);
    });
  }

  /** Resolves once every accepted event has arrived. */
  allArrived(ms?: number): Promise<void> {
    return this.until(() => this.#missing === 0, 'every event arrives', ms);
  }

  /** Nothing that was accepted is lost, and what arrived twice is known as the same event. */
  check(): void {
    deepEqual(this.lost(), [], 'accepted, and never arrived');
    const torn = [...this.#arrived].filter(([n, { ids }]) => {
      const id = this.accepted.get(n);
      return ids.size > 1 || (id !== undefined && !ids.has(id));
    });
    deepEqual(torn, [], 'arrived with another idempotence_id');
  }

  /** No event arrived twice. */
  checkOnce(): void {
    const twice = [...this.#arrived].filter(([, { times }]) => times > 1);
    deepEqual(twice, [], 'arrived twice');
  }

  #look(): void {
    for (const watcher of this.#watchers) {
      if (!watcher.condition()) continue;
      this.#watchers.delete(watcher);
      watcher.resolve();
    }
  }
}

/**
 * Resolves once everything accepted has arrived.
 *
 * @param endLeases whether those of killed apps are ended by hand instead of by time
 */
export async function lastArrive(
  ledger: Ledger,
  store: Store,
  { endLeases }: { readonly endLeases: boolean },
): Promise<void> {
  if (!endLeases) return ledger.allArrived(600_000);
  // More than once: what a dead app had asked its server may be done there only now.
  for (let left = 200; left > 0 && ledger.missing > 0; left--) {
    await store.endLeases();
    await ledger.allArrived(500).catch(() => {});
  }
  await ledger.allArrived(500);
  // Nor shall what nobody was told of wait for its lease.
  await store.endLeases();
}
