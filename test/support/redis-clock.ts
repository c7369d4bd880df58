import type { Cluster, Redis } from 'ioredis';
import type { RedisOutboxClient } from '../../src/outbox/redis/index.js';
import { clientSending } from './redis-client.js';

const TIME = 'math.floor(tonumber(time[2]) / 1000)';

/**
 * The clock of Redis cannot be moved, but what the scripts make of it can: a
 * client that sends each script in whole, with the time that has passed added.
 */
export class RedisClock {
  readonly client: RedisOutboxClient;
  #passed = 0;

  constructor(client: RedisOutboxClient) {
    this.client = clientSending(client, (command, args) =>
      this.#call(client, command, args),
    );
  }

  /** Sets it to the time of Redis. */
  reset(): void {
    this.#passed = 0;
  }

  pass(ms: number): void {
    this.#passed += ms;
  }

  async #call(
    client: RedisOutboxClient,
    command: string,
    [source, ...rest]: (string | number)[],
  ): Promise<unknown> {
    if (command === 'evalsha') throw new Error('NOSCRIPT');
    const moved = `${source}`.replace(TIME, `${TIME} + ${this.#passed}`);
    if (moved === source) throw new Error('The script has another clock.');
    return client.call('eval', [moved, ...rest]);
  }
}

/** Lets leases and delays end sooner, if the clock of Redis has to stay. */
export async function passTime(
  client: Redis | Cluster,
  key: string,
  ms: number,
): Promise<void> {
  for (const due of [`{${key}}:leases`, `{${key}}:delayed`]) {
    const ends = await client.zrange(due, 0, -1, 'WITHSCORES');
    for (let i = 0; i < ends.length; i += 2) {
      await client.zadd(due, Number(ends[i + 1]) - ms, ends[i] ?? '');
    }
  }
}
