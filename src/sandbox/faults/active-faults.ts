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
import { readFault } from './read-fault.js';

/** What faults do to one request. */
export interface Struck {
  /** ms that the answer is late. */
  readonly latency: number;
  /** What is done instead of an ordinary answer. */
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

/** The faults that are on. Several may be: latency adds up, else the first set that strikes wins. */
export class ActiveFaults {
  readonly #random: () => number;
  readonly #listeners = new Set<() => void>();
  #entries: Entry[] = [];
  #id = 0;
  #version = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Changes whenever anything about the faults does. */
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
    this.#tell();
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
    this.#tell();
    return true;
  }

  clear(): void {
    if (this.#entries.length === 0) return;
    this.#entries = [];
    this.#tell();
  }

  /** Decides what strikes the next request; `undefined`: nothing is on. */
  strike(): Struck | undefined {
    if (this.#entries.length === 0) return undefined;
    const faults: string[] = [];
    const invalids: Entry<InvalidFault>[] = [];
    let latency = 0;
    let ending: Struck['ending'];
    for (const entry of this.#entries) {
      const { fault } = entry;
      const isEnding = !isLatency(fault) && !isInvalid(fault);
      if ((isEnding && ending !== undefined) || !this.#strikes(fault)) continue;
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

  /** Counts that `entry` struck, and ends it when that was its last time. */
  hit(entry: Entry, faults: string[]): void {
    entry.struck++;
    faults.push(entry.description);
    if (entry.struck === entry.fault.times) this.remove(entry.id);
    else this.#tell();
  }

  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #strikes({ share }: OdpFault): boolean {
    return share === undefined || this.#random() < share;
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

  #tell(): void {
    this.#version++;
    for (const listener of this.#listeners) listener();
  }
}

function isLatency(fault: OdpFault): fault is LatencyFault {
  return 'latency' in fault;
}

function isInvalid(fault: OdpFault): fault is InvalidFault {
  return 'invalid' in fault;
}
