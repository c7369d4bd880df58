import { Signal } from '../state/signal.js';
import { describe } from './describe.js';
import type {
  HangFault,
  InvalidFault,
  LatencyFault,
  OdpActiveFault,
  OdpFault,
  ResetFault,
  StatusFault,
} from './fault.js';
import { matches } from './match.js';
import { readFault } from './read-fault.js';

/** What decides which faults strike a request. */
export interface Target {
  readonly path: string;
  /** The events, or other objects, that it holds. */
  readonly objects: readonly unknown[];
}

/** What faults do to one request. */
export interface Struck {
  /** ms that the answer is late. */
  readonly latency: number;
  /** What happens instead of an ordinary answer. */
  readonly ending: StatusFault | HangFault | ResetFault | undefined;
  /** Faults that may call events of the request invalid. */
  readonly invalids: readonly Entry<InvalidFault>[];
  /** Descriptions of what struck. */
  readonly faults: string[];
}

/** A fault that is on, as the request under way sees it. */
export interface Entry<F extends OdpFault = OdpFault> {
  readonly id: number;
  readonly fault: F;
  readonly description: string;
  struck: number;
}

/**
 * The faults that are on, of which there may be several: latency adds up, and
 * of those that decide the answer the first that was set and strikes wins.
 */
export class ActiveFaults {
  readonly #random: () => number;
  readonly #changed = new Signal();
  #entries: Entry[] = [];
  #id = 0;
  #version = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Changes with every change of the faults. */
  get version(): number {
    return this.#version;
  }

  add(given: OdpFault): OdpActiveFault {
    const fault = readFault(given);
    const entry: Entry = {
      id: ++this.#id,
      fault,
      description: describe(fault),
      struck: 0,
    };
    this.#entries.push(entry);
    this.#change();
    return this.#view(entry);
  }

  all(): OdpActiveFault[] {
    return this.#entries.map((entry) => this.#view(entry));
  }

  /** Ends the fault; `false` when it had ended already. */
  remove(id: number): boolean {
    const left = this.#entries.filter((entry) => entry.id !== id);
    if (left.length === this.#entries.length) return false;
    this.#entries = left;
    this.#change();
    return true;
  }

  clear(): void {
    if (this.#entries.length === 0) return;
    this.#entries = [];
    this.#change();
  }

  /** Decides what strikes this request; `undefined` if no fault is on. */
  strike(target: Target): Struck | undefined {
    if (this.#entries.length === 0) return undefined;
    const faults: string[] = [];
    const invalids: Entry<InvalidFault>[] = [];
    let latency = 0;
    let ending: Struck['ending'];
    for (const entry of this.#entries) {
      const { fault } = entry;
      const isEnding = !isLatency(fault) && !isInvalid(fault);
      if ((isEnding && ending !== undefined) || !this.#strikes(fault, target))
        continue;
      if (isInvalid(fault)) {
        // Strikes only when an event matches: see hit().
        invalids.push(entry as Entry<InvalidFault>);
        continue;
      }
      if (isLatency(fault)) latency += fault.latency;
      else ending = fault;
      this.hit(entry, faults);
    }
    return { latency, ending, invalids, faults };
  }

  /** Counts that `entry` struck, and ends it if that was its last time. */
  hit(entry: Entry, faults: string[]): void {
    entry.struck++;
    faults.push(entry.description);
    if (entry.struck === entry.fault.times) this.remove(entry.id);
    else this.#change();
  }

  listen(listener: () => void): () => void {
    return this.#changed.listen(listener);
  }

  #strikes(
    { path = '/v3', match, share }: OdpFault,
    { path: asked, objects }: Target,
  ): boolean {
    return (
      asked.startsWith(path) &&
      (match === undefined || objects.some((one) => matches(match, one))) &&
      (share === undefined || this.#random() < share)
    );
  }

  #view(entry: Entry): OdpActiveFault {
    return {
      id: entry.id,
      fault: entry.fault,
      description: entry.description,
      get struck() {
        return entry.struck;
      },
      clear: () => void this.remove(entry.id),
    };
  }

  #change(): void {
    this.#version++;
    this.#changed.emit();
  }
}

function isLatency(fault: OdpFault): fault is LatencyFault {
  return 'latency' in fault;
}

function isInvalid(fault: OdpFault): fault is InvalidFault {
  return 'invalid' in fault;
}
