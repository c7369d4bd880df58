import type { RedisOutboxClient } from '../../src/outbox/redis/index.js';
import { clientSending } from './redis-client.js';

/**
 * A client that sends every command twice, as ioredis does when the connection
 * breaks after Redis has run a command and before its answer comes.
 */
export class ResendingClient {
  readonly client: RedisOutboxClient;
  /** What happens before a command is sent again. */
  between: () => unknown = () => {};
  /** Which answer the caller gets: of a cluster, it may be the second. */
  answer: 'first' | 'second' = 'first';

  constructor(client: RedisOutboxClient) {
    this.client = clientSending(client, async (command, args) => {
      const first = await client.call(command, args);
      await this.between();
      const second = await client.call(command, args);
      return this.answer === 'first' ? first : second;
    });
  }
}
