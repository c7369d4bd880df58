import { OdpOutboxError } from '../../errors/index.js';
import { withDeadline } from '../deadline.js';
import type { RedisOutboxClient } from './redis-outbox.options.js';
import { KEYS, type Script } from './scripts.js';

/** How long an answer may take, in ms, before the caller is told that none came. */
const ANSWER = 5000;

const CHECK =
  'Check that Redis runs, can be reached and has memory left; what was accepted before is not affected.';

/**
 * Runs the scripts of one outbox through the app's client. That client may queue
 * commands while it is disconnected, and may do so forever; here nobody waits
 * longer than {@link ANSWER}.
 */
export class RedisScripts {
  readonly #client: RedisOutboxClient;
  readonly #keys: readonly string[];

  constructor(client: RedisOutboxClient, key: string) {
    this.#client = client;
    this.#keys = KEYS.map((name) => `{${key}}:${name}`);
  }

  /** Waits until the client is connected, and has it connect where it was told to be lazy. */
  async connected(): Promise<void> {
    const client = this.#client;
    if (client.status === 'ready') return;
    if (client.status === 'end') throw this.#disconnected();
    let settle: () => void = () => {};
    const settled = new Promise<void>((resolve) => {
      settle = resolve;
    });
    client.on('ready', settle);
    client.on('end', settle);
    try {
      // Why it failed is told to the client's own listeners.
      if (client.status === 'wait') client.connect().catch(() => {});
      await withDeadline(settled, ANSWER, () => this.#disconnected());
    } finally {
      client.off('ready', settle);
      client.off('end', settle);
    }
  }

  /** @throws OdpOutboxError when Redis is away, fails, or does not answer in time */
  async run<T>(
    script: Script,
    args: readonly (string | number)[] = [],
  ): Promise<T> {
    if (this.#client.status !== 'ready') throw this.#disconnected();
    try {
      return (await withDeadline(
        this.#evaluate(script, args),
        ANSWER,
        () =>
          new OdpOutboxError(
            `Redis gave no answer within ${ANSWER} ms; whether it did what was asked is unknown. ${CHECK}`,
          ),
      )) as T;
    } catch (error) {
      if (error instanceof OdpOutboxError) throw error;
      // Only the message: ioredis' errors carry the command, and with it events.
      const { message } = error as Error;
      throw new OdpOutboxError(`Redis failed (${message}). ${CHECK}`);
    }
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
