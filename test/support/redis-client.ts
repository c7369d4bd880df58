import type { Redis } from 'ioredis';
import type { RedisOutboxClient } from '../../src/outbox/redis/index.js';

/** A client whose commands are sent in another way. */
export const clientSending = (
  client: RedisOutboxClient,
  call: RedisOutboxClient['call'],
): RedisOutboxClient => ({
  get status() {
    return client.status;
  },
  connect: () => client.connect(),
  on: (event, listener) => client.on(event, listener),
  off: (event, listener) => client.off(event, listener),
  call,
});

/** Deletes the keys that match a pattern of Redis, if there are any. */
export async function deleteKeys(
  client: Pick<Redis, 'keys' | 'del'>,
  pattern: string,
): Promise<void> {
  const keys = await client.keys(pattern);
  if (keys.length > 0) await client.del(keys);
}
