// The short forms of long runs; see test/chaos.
import { expect, test } from 'vitest';
import { instances } from '../chaos/instances.js';
import { kill } from '../chaos/kill.js';
import { newSeed } from '../chaos/support/scenario.js';
import { durable, shared, withStore } from './short.js';

/** They mostly wait for apps, each of its own. */
const OPTIONS = { timeout: 300_000, concurrent: true };

test.for([...durable, 'mysql'] as const)(
  'with the %s outbox, what was accepted arrives although the app is killed at random',
  OPTIONS,
  async (kind, context) => {
    const seed = newSeed();
    await context.annotate(`seed ${seed}`);
    const figures = await withStore(context, kind, (store) =>
      kill(store, { rounds: 1, seed, byTime: false, endLeases: true }),
    );
    expect(figures).toMatchObject({ rounds: 1, lost: 0 });
  },
);

test.for(shared)(
  'instances that share %s lose nothing when some are killed and ODP fails at random',
  OPTIONS,
  async (kind, context) => {
    const seed = newSeed();
    await context.annotate(`seed ${seed}`);
    const options = { instances: 2, events: 1000, kills: 1, seed };
    const figures = await withStore(context, kind, (store) =>
      instances(store, { ...options, lostAnswers: true, endLeases: true }),
    );
    expect(figures).toMatchObject({ kills: 1, lost: 0 });
  },
);

test.for(shared)(
  'instances that share %s deliver no event twice where none crashes and no answer is lost',
  OPTIONS,
  async (kind, context) => {
    const seed = newSeed();
    await context.annotate(`seed ${seed}`);
    const options = { instances: 2, events: 2000, kills: 0, seed };
    const figures = await withStore(context, kind, (store) =>
      instances(store, { ...options, lostAnswers: false, endLeases: false }),
    );
    expect(figures).toMatchObject({ lost: 0, duplicates: 0 });
  },
);
