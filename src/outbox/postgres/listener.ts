import { withDeadline } from '../deadline.js';
import { ANSWER, postgresError } from './database.js';
import type { PostgresOutboxPool } from './postgres-outbox.options.js';

/** How long after a broken connection the next one is tried, in ms. */
const PAUSE = 1000;

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
 * Listens on a connection of its own, and connects again when it breaks. It is
 * not one of the pool's: there it would take the place of another for good, and
 * the app's `pool.end()` would wait for it.
 */
export class Listener {
  readonly #newClient: Connect;
  readonly #channel: string;
  readonly #wake: () => void;
  #client: ListeningClient | undefined;
  #retry: NodeJS.Timeout | undefined;
  #stopped = false;

  private constructor(newClient: Connect, channel: string, wake: () => void) {
    this.#newClient = newClient;
    this.#channel = channel;
    this.#wake = wake;
  }

  /** Begins in the background; `undefined` where the pool does not say how to connect. */
  static start(
    pool: PostgresOutboxPool,
    channel: string,
    wake: () => void,
  ): Listener | undefined {
    const { Client, options } = pool as {
      Client?: new (options: unknown) => ListeningClient;
      options?: unknown;
    };
    if (Client === undefined || options === undefined) return undefined;
    const listener = new Listener(() => new Client(options), channel, wake);
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
      this.#retry = setTimeout(() => void this.#connect(), PAUSE).unref();
    };
    client.on('error', lost);
    client.on('end', lost);
    client.on('notification', this.#wake);
    const listen = async () => {
      await client.connect();
      client.unref();
      await client.query(`LISTEN "${this.#channel}"`);
    };
    try {
      await withDeadline(listen(), ANSWER, () => postgresError(new Error()));
      // What was announced while nobody listened is there already.
      if (!this.#stopped) this.#wake();
    } catch {
      lost();
    }
  }

  async #hangUp(client: ListeningClient | undefined): Promise<void> {
    const end = async () => client?.end();
    // Nothing is lost with this connection, so nobody waits for a server that is away.
    await withDeadline(end(), ANSWER, () => new Error()).catch(() => {});
  }
}
