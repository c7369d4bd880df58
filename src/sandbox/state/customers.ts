import type { EventLog } from './event-log.js';
import { Kept } from './kept.js';
import type { OdpReceivedEvent } from './received.js';
import { type Identifiers, Stitcher, type Stitched } from './stitcher.js';

/** Where a customer stands in an audience; ODP's SDKs look for `qualified`. */
export type AudienceState = 'qualified' | 'not_qualified' | (string & {});

/** A customer: everything that shares an identifier, directly or by way of others. */
export interface OdpSandboxCustomer {
  /** Every value seen, by the identifier's name. */
  readonly identifiers: Readonly<Record<string, readonly string[]>>;
  /** What `POST /v3/profiles` said; the latest value of each. */
  readonly attributes: Readonly<Record<string, unknown>>;
  /** What `setAudiences` said. */
  readonly audiences: Readonly<Record<string, AudienceState>>;
  /** The kept events, in the order of their arrival. */
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

interface AudienceFact {
  readonly identifiers: Identifiers;
  readonly audiences: Readonly<Record<string, AudienceState>>;
}

/**
 * The customers behind what is kept. Stitching happens when somebody looks, so
 * that an event's arrival costs nothing here: new events are added to what is
 * known, and all is stitched afresh after events have been forgotten.
 */
export class Customers {
  readonly #log: EventLog;
  readonly #profileIdentifiers: ReadonlySet<string>;
  readonly #profiles: Kept<Readonly<Record<string, unknown>>>;
  #audiences: AudienceFact[] = [];
  #stitcher = new Stitcher();
  #generation = 0;
  #stitchedSeq = 0;
  #isStale = false;

  constructor(log: EventLog, keep: number, identifiers: readonly string[]) {
    this.#log = log;
    this.#profiles = new Kept(keep);
    this.#profileIdentifiers = new Set([
      ...STANDARD_IDENTIFIERS,
      ...identifiers,
    ]);
  }

  all(): OdpSandboxCustomer[] {
    return this.#stitched().all().map(toCustomer);
  }

  /** The customer that any of these identifiers leads to. */
  find(identifiers: Identifiers): OdpSandboxCustomer | undefined {
    const found = this.#stitched().find(identifiers);
    return found && toCustomer(found);
  }

  addProfile(attributes: Readonly<Record<string, unknown>>, bytes: number) {
    this.#profiles.add(attributes, 1, bytes);
    this.#isStale = true;
  }

  setAudiences(
    identifiers: Identifiers,
    audiences: Readonly<Record<string, AudienceState>>,
  ): void {
    this.#audiences.push({ identifiers, audiences });
    this.#isStale = true;
  }

  clear(): void {
    this.#profiles.clear();
    this.#audiences = [];
    this.#isStale = true;
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
    for (const attributes of this.#profiles) {
      at++;
      const customer = this.#stitcher.join(this.#identifiersAmong(attributes));
      for (const [name, value] of Object.entries(attributes)) {
        customer?.attributes.set(name, value, at);
      }
    }
    for (const { identifiers, audiences } of this.#audiences) {
      at++;
      const customer = this.#stitcher.join(identifiers);
      for (const [name, state] of Object.entries(audiences)) {
        customer?.audiences.set(name, state, at);
      }
    }
  }

  #identifiersAmong(attributes: Identifiers): Identifiers {
    return Object.fromEntries(
      Object.entries(attributes).filter(([name]) =>
        this.#profileIdentifiers.has(name),
      ),
    );
  }
}

function toCustomer(stitched: Stitched): OdpSandboxCustomer {
  return {
    identifiers: Object.fromEntries(
      [...stitched.identifiers].map(([name, values]) => [name, [...values]]),
    ),
    attributes: stitched.attributes.toObject(),
    audiences: stitched.audiences.toObject(),
    events: [...stitched.events].sort((a, b) => a.seq - b.seq),
  };
}
