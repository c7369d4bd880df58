// kill -9 at random points: what was accepted arrives, in that or a later run.
import { deepEqual, equal } from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { OdpSandbox } from '../../src/sandbox/index.js';
import type { AppConfig } from './support/config.js';
import { lastArrive, Ledger } from './support/ledger.js';
import { RunningApp } from './support/running-app.js';
import {
  type Figures,
  randomFrom,
  scenario,
  upTo,
} from './support/scenario.js';
import type { Store } from './support/stores.js';

export interface KillOptions {
  readonly rounds: number;
  readonly seed: number;
  /** Whether some are killed after a random time, too, while they boot included. */
  readonly byTime: boolean;
  /** Whether leases are ended by the test instead of by time. */
  readonly endLeases: boolean;
}

const EVENTS_PER_ROUND = 400;

export function kill(
  store: Store,
  { rounds, seed, byTime, endLeases }: KillOptions,
): Promise<Figures> {
  return scenario(async (after) => {
    const random = randomFrom(seed);
    const sandbox = await OdpSandbox.start({
      maxEvents: 1000,
      random: randomFrom(seed + 1),
    });
    after(() => sandbox.close());
    sandbox.fail({ status: 503, share: 0.1 });
    sandbox.fail({ reset: 'before', share: 0.05 });
    sandbox.fail({ reset: 'after', share: 0.05 });
    sandbox.fail({ hang: true, share: 0.01 });
    const ledger = new Ledger();
    ledger.watch(sandbox);
    const config: AppConfig = {
      apiHost: sandbox.url,
      outbox: store.config,
      delivery: {
        batchSize: 20,
        flushInterval: 5,
        requestTimeout: 500,
        retry: { delay: 5, maxDelay: 50 },
      },
    };
    let killedInBoot = 0;
    for (let round = 0; round < rounds; round++) {
      const app = await RunningApp.start(config, ledger);
      after(() => app.end('SIGKILL'));
      if (byTime && random() < 0.1) {
        await pause(random() * 2000);
        killedInBoot++;
      } else {
        await app.ready;
        const accepted = ledger.accepted.size;
        const arrivals = ledger.arrivals;
        const [prefix, callers] = [`round-${round}`, 8];
        app.begin({ do: 'load', prefix, callers, count: EVENTS_PER_ROUND });
        const some = upTo(EVENTS_PER_ROUND / 2, random);
        const moment =
          random() < 0.5
            ? () => ledger.accepted.size >= accepted + some
            : () => ledger.arrivals >= arrivals + some;
        await ledger.until(moment, `round ${round} gets so far`);
        if (byTime) await pause(random() * 30);
      }
      const exit = await app.end('SIGKILL');
      equal(exit.signal, 'SIGKILL', 'it went on until it was killed');
      if (endLeases) await store.endLeases();
    }
    const leftBehind = ledger.missing;
    sandbox.clearFaults();
    const last = await RunningApp.start(config, ledger);
    after(() => last.end('SIGKILL'));
    await last.ready;
    await lastArrive(ledger, store, { endLeases });
    deepEqual(await last.tell({ do: 'flush', timeout: 180_000 }), {
      pending: 0,
    });
    await last.end('SIGTERM');
    ledger.check();
    return {
      rounds,
      killedInBoot,
      accepted: ledger.accepted.size,
      leftBehind,
      lost: ledger.lost().length,
      duplicates: ledger.duplicates,
    };
  });
}
