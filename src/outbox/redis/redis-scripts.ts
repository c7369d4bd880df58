import { OdpOutboxError } from '../../errors/index.js';
import { withDeadline } from '../deadline.js';
import type { RedisOutboxClient } from './redis-outbox.options.js';
import { KEYS, type Script } from './script.js';

/** How long an answer may take, in ms. */
const ANSWER = 5000;

const CHECK =
  'Check that Redis runs, can be reached and has memory left; what was accepted before is not affected.';

/**
 * Runs the scripts of one outbox through the app's client. The client may queue
 * commands while disconnected, even forever, but here nobody waits longer than
 * {@link ANSWER}.
 */
export class RedisScripts {
  readonly #client: RedisOutboxClient;
  readonly #keys: readonly string[];
  /** Called when the connection is lost: everybody who waits for an answer. */
  readonly #waiting = new Set<() => void>();
  readonly #lost = () => {
    for (const disconnected of this.#waiting) disconnected();
  };

  constructor(client: RedisOutboxClient, key: string) {
    this.#client = client;
    this.#keys = KEYS.map((name) => `{${key}}:${name}`);
  }

  /** Waits until the client is connected; a lazy one is told to connect. */
  async connected(): Promise<void> {
    const client = this.#client;
    if (client.status === 'ready') return;
    if (client.status === 'end') throw this.#disconnected();
    let settle!: () => void;
    const settled = new Promise<void>((resolve) => {
      settle = resolve;
    });
    client.on('ready', settle);
    client.on('end', settle);
    try {
      // The client reports the reason to its own listeners.
      if (client.status === 'wait') client.connect().catch(() => {});
      await withDeadline(settled, ANSWER, () => this.#disconnected());
    } finally {
      client.off('ready', settle);
      client.off('end', settle);
    }
  }

  /**
   * Runs a script. `late` gets an answer that comes after the caller has got an
   * error: the client resends what was under way when it lost its connection.
   *
   * @throws OdpOutboxError when Redis is away, fails, or does not answer in time
   */
  async run<T>(
    script: Script,
    args: readonly (string | number)[] = [],
    late: (answer: T) => void = () => {},
  ): Promise<T> {
    if (this.#client.status !== 'ready') throw this.#disconnected();
    const evaluation = this.#evaluate(script, args) as Promise<T>;
    try {
      return await withDeadline(this.#whileConnected(evaluation), ANSWER, () =>
        unknownOutcome(`did not answer within ${ANSWER} ms`),
      );
    } catch (error) {
      evaluation.then(late, () => {});
      if (error instanceof OdpOutboxError) throw error;
      // Only the message, since ioredis' errors hold the command, and thereby events.
      const { message } = error as Error;
      throw new OdpOutboxError(`Redis failed (${message}). ${CHECK}`);
    }
  }

  /** Rejects as soon as the connection is lost, long before the client gives up. */
  async #whileConnected<T>(work: Promise<T>): Promise<T> {
    const lost = new Promise<never>((_, reject) => {
      const disconnected = () =>
        reject(unknownOutcome('closed the connection'));
      if (this.#waiting.size === 0) this.#client.on('close', this.#lost);
      this.#waiting.add(disconnected);
      const forget = () => {
        this.#waiting.delete(disconnected);
        if (this.#waiting.size === 0) this.#client.off('close', this.#lost);
      };
      work.then(forget, forget);
    });
    return Promise.race([work, lost]);
  }

  async #evaluate(
    script: Script,
    args: readonly (string | number)[],
  ): Promise<unknown> {
    const rest = [this.#keys.length, ...this.#keys, ...args];
    try {
      return await this.#client.call('evalsha', [script.sha, ...rest]);
    } catch (error) {
      if (!(error as Error).message.startsWith('NOSCRIPT')) throw error;
      return this.#client.call('eval', [script.source, ...rest]);
    }
  }

  #disconnected(): OdpOutboxError {
    return new OdpOutboxError(
      this.#client.status === 'end'
        ? "Redis is not connected: the app has closed the client given to redisOutbox(). Close it after the app's own shutdown hooks."
        : `Redis is not connected (the client says "${this.#client.status}"). ${CHECK}`,
    );
  }
}

const unknownOutcome = (what: string) =>
  new OdpOutboxError(
    `Redis ${what}; whether it did what was asked is unknown. ${CHECK}`,
  );
