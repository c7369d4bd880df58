import type { Cluster, Redis } from 'ioredis';

/**
 * Lets time pass for the outbox under this key: the clock of Redis cannot be
 * moved, but how long each claimed event was idle can.
 */
export async function passTime(
  client: Redis | Cluster,
  key: string,
  ms: number,
): Promise<void> {
  const group = [`{${key}}:events`, 'odp'];
  const states = await client.call('xpending', [...group, '-', '+', 10_000]);
  for (const [entry, consumer, idle] of states as [string, string, number][]) {
    const moved = [entry, 'IDLE', idle + ms, 'JUSTID'];
    await client.call('xclaim', [...group, consumer, 0, ...moved]);
  }
}
