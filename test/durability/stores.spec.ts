// The short forms of long runs; see test/chaos.
import { expect, test } from 'vitest';
import { awaited } from '../chaos/awaited.js';
import { newSeed } from '../chaos/support/scenario.js';
import { transactions } from '../chaos/transactions.js';
import { shared, withStore } from './short.js';

test.for(['postgres', 'mysql'] as const)(
  'ODP gets exactly the events of committed transactions of %s',
  async (kind, context) => {
    const seed = newSeed();
    await context.annotate(`seed ${seed}`);
    const figures = await withStore(context, kind, (store) =>
      transactions(store, { count: 60, seed }),
    );
    expect(figures['arrived']).toBe(figures['committedEvents']);
  },
);

test.for(shared)(
  'awaitDelivery learns from %s what another instance has delivered',
  async (kind, context) => {
    const figures = await withStore(context, kind, (store) =>
      awaited(store, { events: 5 }),
    );
    expect(figures).toEqual({ delivered: 5, rejected: 5 });
  },
);
