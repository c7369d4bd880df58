import type { OptionsOf } from '../../options/index.js';
import { readOutboxOptions } from '../read-outbox-options.js';

/**
 * What is used of an `ioredis` client, 5 or 6: a `Redis` or a `Cluster`. It stays
 * the app's own; nothing is registered on it and it is never closed.
 */
export interface RedisOutboxClient {
  /** Whether it is connected: `ready`. */
  readonly status: string;
  connect(): Promise<unknown>;
  call(command: string, args: (string | number)[]): Promise<unknown>;
  on(event: 'ready' | 'close' | 'end', listener: () => void): unknown;
  off(event: 'ready' | 'close' | 'end', listener: () => void): unknown;
}

/** Options of {@link redisOutbox}. */
export class RedisOutboxOptions {
  /** The app's own `ioredis` client (a `Redis` or a `Cluster`), connected or not. */
  readonly client: RedisOutboxClient;

  /**
   * The outbox's name in Redis, which keeps everything under `{key}:…`, in one hash
   * slot. Accounts that share a server need a key each; instances of one app
   * share theirs. No braces.
   * @default 'odp'
   */
  readonly key: string = 'odp';

  constructor(
    options: Pick<RedisOutboxOptions, 'client'> & OptionsOf<RedisOutboxOptions>,
  ) {
    const client = options.client as Partial<RedisOutboxClient> | undefined;
    this.client = options.client;
    this.key = options.key ?? this.key;
    readOutboxOptions(options, 'redisOutbox', this, (_, problems) => {
      // What a JavaScript caller may get wrong.
      if (
        typeof client?.call !== 'function' ||
        typeof client.on !== 'function'
      ) {
        problems.push({
          path: 'redisOutbox.client',
          message:
            "must be an ioredis client: new Redis(…) or new Cluster(…) from 'ioredis'",
        });
      }
      if (typeof this.key !== 'string' || !/^[^{}]+$/.test(this.key)) {
        problems.push({
          path: 'redisOutbox.key',
          message: 'must be a non-empty string without { and }',
        });
      }
    });
  }
}
