// SIGTERM with 2,050 events waiting, over TLS with 50 ms round trips, while ODP answers 503.
import { equal } from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { OdpSandbox } from '../../src/sandbox/index.js';
import type { AppConfig } from './support/config.js';
import { farFrom } from './support/far-odp.js';
import { Ledger } from './support/ledger.js';
import { RunningApp } from './support/running-app.js';
import { type Figures, scenario } from './support/scenario.js';
import type { Store } from './support/stores.js';

export interface SigtermOptions {
  /** `undefined`: the memory outbox. */
  readonly store: Store | undefined;
  /** How ODP is away: for so many ms, or for so many requests. */
  readonly away: { readonly ms: number } | { readonly requests: number };
  /** In ms; the package's default unless given. */
  readonly shutdownTimeout?: number;
}

const EVENTS = 2050;

export function sigterm({
  store,
  away,
  shutdownTimeout = 5000,
}: SigtermOptions): Promise<Figures> {
  return scenario(async (after) => {
    const sandbox = await OdpSandbox.start();
    after(() => sandbox.close());
    const odp = await farFrom(sandbox.url, { roundTrip: 50 });
    after(() => odp.close());
    const ledger = new Ledger();
    ledger.watch(sandbox);
    const config: AppConfig = {
      apiHost: odp.url,
      outbox: store?.config ?? { kind: 'memory' },
      delivery: { shutdownTimeout },
    };
    const env = { NODE_EXTRA_CA_CERTS: odp.certificate };
    const run = async () => {
      const app = await RunningApp.start(config, ledger, { env });
      after(() => app.end('SIGKILL'));
      await app.ready;
      return app;
    };
    const outage =
      'ms' in away
        ? sandbox.fail({ status: 503 })
        : sandbox.fail({ status: 503, times: away.requests });
    const first = await run();
    await first.tell({ do: 'send', prefix: 'waiting', count: EVENTS });
    const ended = Date.now();
    const exit = first.end('SIGTERM');
    if ('ms' in away) await pause(away.ms);
    if ('ms' in away) outage.clear();
    equal((await exit).signal, 'SIGTERM', 'it ended as it was told');
    const ms = Date.now() - ended;
    const inThisRun = EVENTS - ledger.missing;
    sandbox.clearFaults();
    if (store !== undefined && ledger.missing > 0) {
      const next = await run();
      await ledger.allArrived();
      await next.end('SIGTERM');
    }
    ledger.check();
    return { events: EVENTS, inThisRun, ms, duplicates: ledger.duplicates };
  });
}
