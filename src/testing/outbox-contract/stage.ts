import type {
  ClaimedEvent,
  MaybePromise,
  OdpOutbox,
  OutboxEvent,
} from '../../outbox/outbox.js';

/** How the contract suite gets at the outbox that it tests. */
export interface OutboxHarness {
  /** A fresh, empty outbox that is not yet opened. */
  create(): MaybePromise<OdpOutbox>;
  /**
   * Another instance over what the last `create()` stores, not yet opened. Leave
   * it out if nothing survives the instance.
   */
  reopen?(): MaybePromise<OdpOutbox>;
  /** Whether two instances may be open at once over one store. Needs `reopen`. */
  readonly shared?: boolean;
  /**
   * Makes that many ms pass for an outbox with a clock of its own (a server's),
   * for example by moving stored lease and due times back. Leave it out where
   * the outbox goes by its context's clock, which the suite moves itself.
   */
  advance?(ms: number): MaybePromise<void>;
}

/** A case, and what its harness must offer. */
export interface StagedCase {
  readonly name: string;
  readonly needs?: 'reopen' | 'shared';
  run(stage: Stage): Promise<void>;
}

/** How long the suite's claims last unless a case says otherwise, in ms. */
export const LEASE = 60_000;

/** How much the suite's outboxes keep of what was given up. */
const RETENTION = { maxAge: 86_400_000, maxCount: 50, maxBytes: 2 ** 30 };

/** An opened outbox with its clock, and what cases do with it. */
export class Stage {
  /** The outbox that the case tries. */
  readonly outbox: OdpOutbox;
  /** How often it said `ready()`. */
  ready = 0;
  /** How many dead letters it said that retention removed. */
  deadLettersRemoved = 0;
  readonly maxDeadLetters = RETENTION.maxCount;
  readonly #harness: OutboxHarness;
  readonly #open = new Set<OdpOutbox>();
  #now = Date.now();

  private constructor(harness: OutboxHarness, outbox: OdpOutbox) {
    this.#harness = harness;
    this.outbox = outbox;
  }

  /** Runs a case with an outbox of its own and closes whatever it opened. */
  static async set(
    harness: OutboxHarness,
    run: (stage: Stage) => Promise<void>,
  ): Promise<void> {
    const stage = new Stage(harness, await harness.create());
    try {
      await stage.#start(stage.outbox);
      await run(stage);
    } finally {
      for (const outbox of stage.#open) await outbox.close();
    }
  }

  get now(): number {
    return this.#now;
  }

  async advance(ms: number): Promise<void> {
    this.#now += ms;
    await this.#harness.advance?.(ms);
  }

  /** One more instance over the same store, opened. */
  async another(): Promise<OdpOutbox> {
    const outbox = await this.#harness.reopen?.();
    if (outbox === undefined) throw new TypeError('The harness has no reopen.');
    return this.#start(outbox);
  }

  async close(outbox: OdpOutbox): Promise<void> {
    this.#open.delete(outbox);
    await outbox.close();
  }

  /** Appends so many events, named by `prefix` and their place. */
  async append(count: number, prefix = 'event'): Promise<OutboxEvent[]> {
    const events = this.events(count, prefix);
    await this.outbox.append(events);
    return events;
  }

  events(count: number, prefix = 'event'): OutboxEvent[] {
    return Array.from({ length: count }, (_, index) => ({
      id: `${prefix}-${index}`,
      payload: JSON.stringify({ action: `${prefix}-${index}` }),
      createdAt: this.#now,
    }));
  }

  async claim(
    limit: number,
    outbox = this.outbox,
    lease = LEASE,
  ): Promise<readonly ClaimedEvent[]> {
    return outbox.claim({ limit, lease });
  }

  async #start(outbox: OdpOutbox): Promise<OdpOutbox> {
    await outbox.open({
      now: () => this.#now,
      monotonic: () => this.#now,
      deadLetterRetention: RETENTION,
      dropped: () => {},
      deadLettersRemoved: (count) => {
        this.deadLettersRemoved += count;
      },
      arrived: () => {},
      ready: () => {
        this.ready++;
      },
      warn: () => {},
    });
    this.#open.add(outbox);
    return outbox;
  }
}

export const idsOf = (events: readonly { readonly id: string }[]) =>
  events.map(({ id }) => id);
