// Several instances on one store, while ODP fails at random.
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

export interface InstancesOptions {
  readonly instances: number;
  readonly events: number;
  /** How often one of them is killed and another one started. */
  readonly kills: number;
  /** Whether answers of ODP are lost, too. */
  readonly lostAnswers: boolean;
  readonly seed: number;
  /** Whether leases are ended by the test instead of by time. */
  readonly endLeases: boolean;
}

export function instances(
  store: Store,
  options: InstancesOptions,
): Promise<Figures> {
  return scenario(async (after) => {
    const { events, kills, lostAnswers, seed, endLeases } = options;
    const random = randomFrom(seed);
    const sandbox = await OdpSandbox.start({
      maxEvents: 1000,
      random: randomFrom(seed + 1),
    });
    after(() => sandbox.close());
    sandbox.fail({ status: 503, share: 0.05 });
    sandbox.fail({ status: 429, share: 0.02 });
    sandbox.fail({ reset: 'before', share: 0.02 });
    if (lostAnswers) sandbox.fail({ reset: 'after', share: 0.02 });
    const ledger = new Ledger();
    ledger.watch(sandbox);
    const config: AppConfig = {
      apiHost: sandbox.url,
      outbox: store.config,
      delivery: {
        flushInterval: 50,
        // An answer that came too late would be one that was lost.
        requestTimeout: lostAnswers ? 5000 : 60_000,
        retry: { delay: 10, maxDelay: 200 },
      },
    };
    let started = 0;
    const running: RunningApp[] = [];
    const start = async () => {
      const app = await RunningApp.start(config, ledger);
      running.push(app);
      after(() => app.end('SIGKILL'));
      await app.ready;
      app.begin({
        do: 'load',
        prefix: `app-${started++}`,
        callers: 8,
        pause: 1,
      });
    };
    await Promise.all(Array.from({ length: options.instances }, start));
    for (let killed = 0; killed < kills; killed++) {
      const next = ((killed + random()) * events) / kills;
      await ledger.until(
        () => ledger.accepted.size >= next,
        `${next} events are accepted`,
      );
      const [victim] = running.splice(upTo(running.length, random) - 1, 1);
      await victim?.end('SIGKILL');
      await start();
    }
    await ledger.until(
      () => ledger.accepted.size >= events,
      `${events} events are accepted`,
    );
    await Promise.all(running.map((app) => app.tell({ do: 'stop' })));
    await lastArrive(ledger, store, { endLeases });
    // Whatever would still be sent twice is sent by now, or while they end.
    const ends = running.map(async (app) => {
      await app.tell({ do: 'flush', timeout: 180_000 });
      return app.end('SIGTERM');
    });
    await Promise.all(ends);
    ledger.check();
    if (kills === 0 && !lostAnswers) ledger.checkOnce();
    return {
      instances: options.instances,
      kills,
      accepted: ledger.accepted.size,
      requests: sandbox.requests().at(-1)?.id ?? 0,
      lost: ledger.lost().length,
      duplicates: ledger.duplicates,
    };
  });
}
