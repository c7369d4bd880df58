// The short forms of long runs; see test/chaos.
import { expect, test } from 'vitest';
import { sigterm } from '../chaos/sigterm.js';
import { durable, withStore } from './short.js';

/** They mostly wait for apps, each of its own. */
const OPTIONS = { timeout: 300_000, concurrent: true };

test(
  'SIGTERM with 2,050 events in memory, over TLS with 50 ms round trips and ODP away at first: all arrive',
  OPTIONS,
  async () => {
    const options = { away: { requests: 3 }, shutdownTimeout: 60_000 };
    const figures = await sigterm({ store: undefined, ...options });
    expect(figures).toMatchObject({ events: 2050, inThisRun: 2050 });
  },
);

test.for(durable)(
  'SIGTERM with 2,050 events in the %s outbox and ODP away for too long: all arrive in the next run',
  OPTIONS,
  async (kind, context) => {
    const options = { away: { requests: 1e6 }, shutdownTimeout: 300 };
    const figures = await withStore(context, kind, (store) =>
      sigterm({ store, ...options }),
    );
    expect(figures).toMatchObject({ events: 2050, inThisRun: 0 });
  },
);
