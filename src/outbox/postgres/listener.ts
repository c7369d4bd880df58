// Not the global ones, which the fake timers of an app's tests replace.
import { clearTimeout, setTimeout } from 'node:timers';
import { withDeadline } from '../deadline.js';
import type { OutboxContext } from '../outbox.js';
import { ANSWER_TIMEOUT_MS, NoAnswerError } from '../sql/database.js';
import { sqlError } from '../sql/sql-error.js';
import type { PostgresOutboxPool } from './postgres-outbox.options.js';

/** How long to wait before reconnecting, in ms. */
const RETRY_INTERVAL_MS = 1000;

/** What is used of a `pg` client of our own. */
interface ListeningClient {
  connect(): Promise<unknown>;
  query(text: string): Promise<unknown>;
  on(event: 'notification' | 'error' | 'end', listener: () => void): unknown;
  end(): Promise<void>;
  unref(): void;
}

type Connect = () => ListeningClient;

/**
 * Listens on a connection of its own, and reconnects when it breaks. It does not use
 * the pool, where it would occupy a connection for good, and the app's `pool.end()`
 * would wait for it.
 */
export class Listener {
  readonly #newClient: Connect;
  readonly #channel: string;
  readonly #context: OutboxContext;
  #client: ListeningClient | undefined;
  #retry: NodeJS.Timeout | undefined;
  #stopped = false;
  /** Whether the log already says that nobody listens. */
  #warned = false;

  private constructor(
    newClient: Connect,
    channel: string,
    context: OutboxContext,
  ) {
    this.#newClient = newClient;
    this.#channel = channel;
    this.#context = context;
  }

  /** Starts in the background; `undefined` if the pool does not say how to connect. */
  static start(
    pool: PostgresOutboxPool,
    channel: string,
    context: OutboxContext,
  ): Listener | undefined {
    const { Client, options } = pool as {
      Client?: new (options: unknown) => ListeningClient;
      options?: unknown;
    };
    if (Client === undefined || options === undefined) return undefined;
    const listener = new Listener(() => new Client(options), channel, context);
    void listener.#connect();
    return listener;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#retry);
    await this.#hangUp(this.#client);
  }

  async #connect(): Promise<void> {
    const client = this.#newClient();
    this.#client = client;
    const lost = () => {
      if (this.#client !== client || this.#stopped) return;
      this.#client = undefined;
      void this.#hangUp(client);
      this.#retry = setTimeout(
        () => void this.#connect(),
        RETRY_INTERVAL_MS,
      ).unref();
    };
    client.on('error', lost);
    client.on('end', lost);
    client.on('notification', () => this.#context.arrived(1));
    const listen = async () => {
      await client.connect();
      client.unref();
      await client.query(`LISTEN "${this.#channel}"`);
    };
    try {
      await withDeadline(
        listen(),
        ANSWER_TIMEOUT_MS,
        () => new NoAnswerError('Postgres', ANSWER_TIMEOUT_MS),
      );
      this.#warned = false;
      // Events that were announced while nobody listened are there already.
      if (!this.#stopped) this.#context.ready();
    } catch (error) {
      this.#warn(error);
      lost();
    }
  }

  #warn(error: unknown): void {
    if (this.#warned || this.#stopped) return;
    this.#warned = true;
    const { message } = sqlError('Postgres', error, '');
    this.#context.warn(
      `LISTEN for events that transactions of other instances commit: ${message}They are still found within a second. Set notify: false if LISTEN is not possible.`,
    );
  }

  async #hangUp(client: ListeningClient | undefined): Promise<void> {
    const end = async () => client?.end();
    // Nothing is lost with this connection, so do not wait for a server that is away.
    await withDeadline(end(), ANSWER_TIMEOUT_MS, () => new Error()).catch(
      () => {},
    );
  }
}
