import type { OdpClient, Outcome } from '../odp/index.js';
import type { ClaimedEvent } from '../outbox/index.js';
import type { Reporter } from '../reporting/index.js';
import type { BatchLimit } from './batch-limit.js';
import { bytesOf } from './batches.js';
import type { RequestRate } from './request-rate.js';
import type { RunState } from './run-state.js';

/** An account's requests of events: each waits for its turn, and shows how large the next may be. */
export class EventRequests {
  readonly #client: OdpClient;
  readonly #rate: RequestRate;
  readonly #limit: BatchLimit;
  readonly #run: RunState;
  readonly #reporter: Reporter;

  constructor(
    client: OdpClient,
    rate: RequestRate,
    limit: BatchLimit,
    run: RunState,
    reporter: Reporter,
  ) {
    this.#client = client;
    this.#rate = rate;
    this.#limit = limit;
    this.#run = run;
    this.#reporter = reporter;
  }

  /** How long one may take, in ms. */
  get timeout(): number {
    return this.#client.requestTimeout;
  }

  /** Whether the app has ended, and with it the requests under way. */
  get ended(): boolean {
    return this.#run.ended.aborted;
  }

  /** Whether none may start for now. */
  get held(): boolean {
    return this.#run.isHeld;
  }

  /** Resolves when it is the next one's turn; it may be {@link held} by then. */
  turn(): void | Promise<void> {
    return this.#rate.turn(this.#run.ended);
  }

  /** Never rejects. */
  async send(batch: readonly ClaimedEvent[]): Promise<Outcome> {
    this.#reporter.requested();
    const outcome = await this.#client.send(batch, this.#run.ended);
    if (outcome.kind === 'accepted') {
      this.#limit.gotThrough(() => bytesOf(batch));
    } else if (outcome.timedOut) this.#limit.timedOut(bytesOf(batch));
    return outcome;
  }
}
