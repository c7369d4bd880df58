// awaitDelivery where another instance of a shared outbox delivers the event.
import { deepEqual, equal, ok } from 'node:assert/strict';
import { OdpRejectedError } from '../../src/index.js';
import { OdpSandbox } from '../../src/sandbox/index.js';
import { embeddedApp } from './support/embedded-app.js';
import { type Figures, scenario } from './support/scenario.js';
import { instanceOf, type Store } from './support/stores.js';

export function awaited(
  store: Store,
  { events }: { readonly events: number },
): Promise<Figures> {
  return scenario(async (after) => {
    // The one that waits never gets through to ODP; the other one does.
    const down = await OdpSandbox.start();
    after(() => down.close());
    down.fail({ status: 403 });
    const up = await OdpSandbox.start();
    after(() => up.close());
    up.fail({ invalid: { action: 'bad' }, message: 'no such thing' });
    const app = async (apiHost: string) => {
      const { outbox, end } = instanceOf(store);
      after(end);
      const started = await embeddedApp({
        apiHost,
        outbox,
        delivery: { flushInterval: 20 },
      });
      after(() => started.close());
      return started;
    };
    const waiting = await app(down.url);
    await app(up.url);
    const send = (action: string, n: number) =>
      waiting.odp.sendOdpEvent(
        { action, identifiers: { n: `${action}-${n}` } },
        { awaitDelivery: true, timeout: '60s' },
      );
    const places = Array.from({ length: events }, (_, n) => n);
    const [good, bad] = await Promise.all([
      Promise.all(places.map((n) => send('good', n))),
      Promise.allSettled(places.map((n) => send('bad', n))),
    ]);
    const arrived = new Set(
      up.events().map(({ event }) => event.data['idempotence_id']),
    );
    deepEqual(
      good.filter(({ id }) => !arrived.has(id)),
      [],
      'resolved, and ODP never had it',
    );
    for (const outcome of bad) {
      ok(outcome.status === 'rejected', 'ODP never took it');
      const reason: unknown = outcome.reason;
      ok(reason instanceof OdpRejectedError, String(reason));
      equal(reason.reason, 'no such thing');
    }
    equal(down.events().length, 0);
    return { delivered: good.length, rejected: bad.length };
  });
}
