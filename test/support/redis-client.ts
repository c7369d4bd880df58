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
