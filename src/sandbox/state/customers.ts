import { OdpSandboxError } from '../errors.js';
import type { EventLog } from './event-log.js';
import type { CustomerFact, ListState, OdpList } from './facts.js';
import { Kept } from './kept.js';
import type { OdpReceivedEvent } from './received.js';
import {
  readSegmentStates,
  type Segments,
  type SegmentState,
} from './segments.js';
import { Signal } from './signal.js';
import {
  type Identifiers,
  identifies,
  Stitcher,
  type Stitched,
} from './stitcher.js';

/** A customer: everything that shares an identifier, directly or through others. */
export interface OdpSandboxCustomer {
  /** Every value seen, by the identifier's name. */
  readonly identifiers: Readonly<Record<string, readonly string[]>>;
  /** What `POST /v3/profiles` set; the latest value of each. */
  readonly attributes: Readonly<Record<string, unknown>>;
  /** The state in each segment: as pinned, else by the segment's rule. */
  readonly segments: Readonly<Record<string, SegmentState>>;
  /** The states that `setSegments` set. */
  readonly pinned: Readonly<Record<string, SegmentState>>;
  /** The lists that `POST /v3/lists/subscriptions` named for it, by id. */
  readonly lists: Readonly<Record<string, ListState>>;
  /** The kept events, in order of arrival. */
  readonly events: readonly OdpReceivedEvent[];
}

/** Names of identifiers that every account has, or that ODP's docs mention. */
const STANDARD_IDENTIFIERS = [
  'email',
  'phone',
  'vuid',
  'zaius_id',
  'fs_user_id',
  'web_user_id',
  'customer_id',
];

/**
 * The customers behind what is kept. They are stitched on demand, so that an arriving
 * event costs nothing here: new events are added, and everything is stitched again
 * once events have been dropped.
 */
export class Customers {
  readonly #log: EventLog;
  readonly #segments: Segments;
  readonly #profileIdentifiers: ReadonlySet<string>;
  readonly #facts: Kept<CustomerFact>;
  readonly #added = new Signal<CustomerFact>();
  #stitcher = new Stitcher();
  #generation = 0;
  #stitchedSeq = 0;
  #isStale = false;

  constructor(
    log: EventLog,
    segments: Segments,
    maxFacts: number,
    identifiers: readonly string[],
  ) {
    this.#log = log;
    this.#segments = segments;
    this.#facts = new Kept(maxFacts);
    this.#profileIdentifiers = new Set([
      ...STANDARD_IDENTIFIERS,
      ...identifiers,
    ]);
  }

  all(): OdpSandboxCustomer[] {
    return this.#stitched()
      .all()
      .map((one) => this.#view(one));
  }

  /** The customer that any of these identifiers leads to. */
  find(identifiers: Identifiers): OdpSandboxCustomer | undefined {
    const found = this.#stitched().find(identifiers);
    return found && this.#view(found);
  }

  /** Names that identify customers among the attributes of a profile. */
  get profileIdentifiers(): ReadonlySet<string> {
    return this.#profileIdentifiers;
  }

  /** Names that identify customers in a query: those, and any that came. */
  identifierNames(): ReadonlySet<string> {
    return new Set([...this.#profileIdentifiers, ...this.#stitched().names]);
  }

  add(fact: CustomerFact, bytes = 0): void {
    this.load(fact, bytes);
    this.#added.emit(fact);
  }

  /**
   * Pins the customer's state in segments.
   *
   * @throws OdpSandboxError `invalidOption` that names what is wrong
   */
  pin(
    identifiers: Identifiers,
    segments: readonly string[] | Readonly<Record<string, SegmentState | null>>,
  ): void {
    const states = readSegmentStates(segments);
    if (!Object.values(identifiers).some(identifies)) {
      throw new OdpSandboxError(
        'invalidOption',
        'identifiers identify nobody. Give one that is a non-blank text.',
      );
    }
    this.add({ identifiers, segments: states });
  }

  /** Takes over a fact of an earlier run. */
  load(fact: CustomerFact, bytes: number): void {
    this.#facts.add(fact, 1, bytes);
    this.#isStale = true;
  }

  /** The kept facts, oldest first. */
  facts(): Iterable<CustomerFact> {
    return this.#facts;
  }

  /** The lists that were made. */
  lists(): OdpList[] {
    return [...this.#facts].flatMap((fact) =>
      'list' in fact ? [fact.list] : [],
    );
  }

  /** What was posted of identifiers, oldest first. */
  records(kind: string): Readonly<Record<string, unknown>>[] {
    return [...this.#facts].flatMap((fact) =>
      'record' in fact && fact.kind === kind ? [fact.record] : [],
    );
  }

  /** Calls `listener` for facts to come; returns how to stop it. */
  listen(listener: (fact: CustomerFact) => void): () => void {
    return this.#added.listen(listener);
  }

  /** Forgets all facts, and returns a function that puts them back. */
  clear(): () => void {
    const putBack = this.#facts.clear();
    this.#isStale = true;
    return () => {
      putBack();
      this.#isStale = true;
    };
  }

  #stitched(): Stitcher {
    if (this.#isStale || this.#generation !== this.#log.generation) {
      this.#startAfresh();
    }
    for (const record of this.#log.after(this.#stitchedSeq, Infinity)) {
      this.#stitcher.join(record.event.identifiers)?.events.push(record);
      this.#stitchedSeq = record.seq;
    }
    return this.#stitcher;
  }

  #startAfresh(): void {
    this.#stitcher = new Stitcher();
    this.#generation = this.#log.generation;
    this.#stitchedSeq = 0;
    this.#isStale = false;
    let at = 0;
    for (const fact of this.#facts) this.#apply(fact, ++at);
  }

  #apply(fact: CustomerFact, at: number): void {
    if ('list' in fact || 'record' in fact) return;
    if ('attributes' in fact) {
      const identifiers = this.#identifiersAmong(fact.attributes);
      const customer = this.#stitcher.join(identifiers);
      for (const [name, value] of Object.entries(fact.attributes)) {
        customer?.attributes.set(name, value, at);
      }
      return;
    }
    const customer = this.#stitcher.join(fact.identifiers);
    if ('subscription' in fact) {
      const { list, ...state } = fact.subscription;
      customer?.lists.set(list, state, at);
      return;
    }
    for (const [name, state] of Object.entries(fact.segments)) {
      customer?.pinned.set(name, state, at);
    }
  }

  #view(stitched: Stitched): OdpSandboxCustomer {
    const events = [...stitched.events].sort((a, b) => a.seq - b.seq);
    const pinned = Object.fromEntries(
      Object.entries(stitched.pinned.toObject()).filter(
        (entry): entry is [string, SegmentState] => entry[1] !== null,
      ),
    );
    return {
      identifiers: Object.fromEntries(
        [...stitched.identifiers].map(([name, values]) => [name, [...values]]),
      ),
      attributes: stitched.attributes.toObject(),
      segments: { ...this.#segments.statesOf(events), ...pinned },
      pinned,
      lists: stitched.lists.toObject(),
      events,
    };
  }

  #identifiersAmong(attributes: Identifiers): Identifiers {
    return Object.fromEntries(
      Object.entries(attributes).filter(([name]) =>
        this.#profileIdentifiers.has(name),
      ),
    );
  }
}
