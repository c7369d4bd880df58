// The short form of a long run; see test/chaos.
import { expect, test } from 'vitest';
import { accountMoves } from '../chaos/account-moves.js';
import { durable, withStore } from './short.js';

const SHORT = { rounds: 1, events: 200 };

/** Each app is a process of its own, and mostly waits. */
const OPTIONS = { timeout: 300_000, concurrent: true };

test.for(['memory', ...durable] as const)(
  'an account that moves, rotates its key, goes and comes back loses nothing, and mixes none (%s)',
  OPTIONS,
  async (kind, context) => {
    const figures =
      kind === 'memory'
        ? await accountMoves({ store: undefined, ...SHORT })
        : await withStore(context, kind, (store) =>
            accountMoves({ store, ...SHORT }),
          );
    expect(figures).toMatchObject({ duplicates: 0 });
  },
);
