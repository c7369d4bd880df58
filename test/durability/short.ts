import type { TestContext } from 'vitest';
import {
  onStore,
  type DurableKind,
  type Store,
} from '../chaos/support/stores.js';

/** Outboxes that outlive their process. MySQL's is the code of Postgres's but for its statements. */
export const durable: readonly DurableKind[] = ['file', 'redis', 'postgres'];

/** Those that instances share. */
export const shared = ['redis', 'postgres', 'mysql'] as const;

/** Runs on a new store; skips the test where there is no such service. */
export async function withStore<T>(
  { skip }: TestContext,
  kind: DurableKind,
  run: (store: Store) => Promise<T>,
): Promise<T> {
  const result = await onStore(kind, run);
  return result ?? skip(`there is no ${kind}`);
}
