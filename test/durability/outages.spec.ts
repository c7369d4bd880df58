// The short forms of long runs; see test/chaos.
import { expect, test } from 'vitest';
import { disk, type DiskTrouble } from '../chaos/disk.js';
import { odpAway } from '../chaos/odp-away.js';
import { storeAway } from '../chaos/store-away.js';
import { shared, withStore } from './short.js';

/** They mostly wait for apps, each of its own. */
const OPTIONS = { timeout: 300_000, concurrent: true };

test.for(shared)(
  'while %s is away, sends are refused as such; delivery resumes by itself',
  OPTIONS,
  async (kind, { skip }) => {
    const figures = await storeAway({
      kind,
      troubles: ['restart', 'cut'],
      endLeases: true,
    });
    if (figures === undefined) skip(`there is no ${kind} server to start`);
    expect(figures).toMatchObject({ falseSuccesses: 0, lost: 0 });
  },
);

test.for<DiskTrouble>(['full', 'read-only'])(
  'the file outbox on a disk that is %s says so and recovers by itself',
  OPTIONS,
  async (trouble, { skip }) => {
    const figures = await disk(trouble, 1);
    if (figures === undefined) skip('no disk can be mounted here');
    expect(figures).toMatchObject({ lost: 0 });
  },
);

const short = { ms: 0, events: 2000, capacity: 1000 };

test(
  'while ODP refuses connections, the full memory outbox says so and loses nothing it accepted',
  OPTIONS,
  async () => {
    const figures = await odpAway({ store: undefined, ...short });
    expect(figures['refusedAsFull']).toBeGreaterThan(0);
  },
);

test(
  'while ODP refuses connections, the file outbox takes events on; all arrive later',
  OPTIONS,
  async (context) => {
    const figures = await withStore(context, 'file', (store) =>
      odpAway({ store, ...short }),
    );
    expect(figures).toMatchObject({ refusedAsFull: 0 });
  },
);
