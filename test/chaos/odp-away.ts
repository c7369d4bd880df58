// ODP refuses connections for a while under load.
import { ok } from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { OdpSandbox } from '../../src/sandbox/index.js';
import { Ledger } from './support/ledger.js';
import { RunningApp } from './support/running-app.js';
import { type Figures, scenario } from './support/scenario.js';
import type { Store } from './support/stores.js';

export interface OdpAwayOptions {
  /** `undefined`: the memory outbox. */
  readonly store: Store | undefined;
  /** How long ODP is away at least, in ms. */
  readonly ms: number;
  /** How many events are accepted meanwhile, at least. */
  readonly events: number;
  /** Of the memory outbox. */
  readonly capacity: number;
}

/** More than that and the app is out of memory, in MiB: it would end then. */
const HEAP = 160;

export function odpAway({
  store,
  ms,
  events,
  capacity,
}: OdpAwayOptions): Promise<Figures> {
  return scenario(async (after) => {
    let sandbox = await OdpSandbox.start({ maxEvents: 1000 });
    after(() => sandbox.close());
    const { url } = sandbox;
    const ledger = new Ledger();
    ledger.watch(sandbox);
    const app = await RunningApp.start(
      {
        apiHost: url,
        outbox: store?.config ?? { kind: 'memory', capacity },
        delivery: { flushInterval: 50, retry: { maxDelay: 1000 } },
      },
      ledger,
      { flags: [`--max-old-space-size=${HEAP}`] },
    );
    after(() => app.end('SIGKILL'));
    await app.ready;
    app.begin({ do: 'load', prefix: 'app', callers: 32, pause: 5 });
    await ledger.until(() => ledger.arrivals >= 500, 'events arrive');
    await app.measure();
    await sandbox.close();
    const { accepted, refusals } = ledger;
    const enough = accepted.size + events;
    await pause(ms);
    await ledger.until(
      () =>
        accepted.size >= enough || (store === undefined && refusals.length > 0),
      `${events} events are accepted while ODP is away`,
    );
    const during = await app.measure();
    ok(app.up, 'the app stays up');
    sandbox = await OdpSandbox.start({
      maxEvents: 1000,
      port: Number(new URL(url).port),
    });
    ledger.watch(sandbox);
    const waiting = ledger.missing;
    const { arrivals } = ledger;
    await ledger.until(
      () => ledger.arrivals > arrivals,
      'delivery resumes by itself',
    );
    await app.tell({ do: 'stop' });
    await ledger.allArrived(600_000);
    const afterwards = await app.measure();
    await app.end('SIGTERM');
    ledger.check();
    // A full memory outbox says so; nothing else is refused.
    const others = refusals.filter(({ code }) => code !== 'outboxFull');
    ok(others.length === 0, `refused with ${others[0]?.message}`);
    return {
      accepted: accepted.size,
      waiting,
      refusedAsFull: refusals.length,
      retries: during.retries,
      lagP99: during.lag.p99,
      lagMost: during.lag.most,
      rssMost: afterwards.rss,
      heapAfter: afterwards.heap,
      duplicates: ledger.duplicates,
    };
  });
}
