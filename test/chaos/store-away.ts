// Redis, Postgres or MySQL restarted, cut off or silent in the middle.
import { equal, ok } from 'node:assert/strict';
import { OdpSandbox } from '../../src/sandbox/index.js';
import { startMysql, startPostgres, startRedis } from '../support/services.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import type { OutboxConfig } from './support/config.js';
import { lastArrive, Ledger } from './support/ledger.js';
import { RunningApp } from './support/running-app.js';
import { type Figures, scenario } from './support/scenario.js';
import { type ServerKind, storeOn } from './support/stores.js';

/** `restart`: the server is killed; `cut`: connections break; `silence`: no answer comes any more. */
export type Trouble = 'restart' | 'cut' | 'silence';

export interface StoreAwayOptions {
  readonly kind: ServerKind;
  readonly troubles: readonly Trouble[];
  /** Whether leases are ended by the test instead of by time. */
  readonly endLeases: boolean;
}

/** A server of the run's own, as it is killed; it keeps what it has acknowledged. */
const SERVERS = {
  redis: () => startRedis('--appendonly', 'yes', '--appendfsync', 'always'),
  postgres: startPostgres,
  mysql: startMysql,
};

/** @returns `undefined` where no such server is installed */
export async function storeAway({
  kind,
  troubles,
  endLeases,
}: StoreAwayOptions): Promise<Figures | undefined> {
  const service = await SERVERS[kind]();
  if (service === undefined) return undefined;
  return scenario(async (after) => {
    after(() => service.stop());
    const proxy = await TcpProxy.before(service.url);
    after(() => proxy.cut());
    const sandbox = await OdpSandbox.start({ maxEvents: 1000 });
    after(() => sandbox.close());
    const ledger = new Ledger();
    ledger.watch(sandbox);
    const store = await storeOn(kind, service);
    after(() => store.remove());
    const url = proxy.url(service.url);
    const outbox = { ...store.config, url } as OutboxConfig;
    const delivery = { flushInterval: 20 };
    const config = { apiHost: sandbox.url, outbox, delivery };
    const app = await RunningApp.start(config, ledger);
    after(() => app.end('SIGKILL'));
    await app.ready;
    app.begin({ do: 'load', prefix: 'app', callers: 8, pause: 2 });
    const more = (what: () => number, count: number, why: string) => {
      const enough = what() + count;
      return ledger.until(() => what() >= enough, why);
    };
    const accepted = () => ledger.accepted.size;
    const refused = () => ledger.refusals.length;
    let falseSuccesses = 0;
    for (const trouble of troubles) {
      await more(accepted, 200, `events are accepted before ${trouble}`);
      if (trouble === 'restart') await service.kill();
      else if (trouble === 'cut') await proxy.cut();
      else proxy.silence();
      // Every caller was refused once, at least: what was under way is answered.
      await more(refused, 20, `events are refused after ${trouble}`);
      const before = accepted();
      await more(refused, 20, `more events are refused after ${trouble}`);
      falseSuccesses += accepted() - before;
      if (trouble === 'restart') await service.start();
      else await proxy.restore();
      await more(accepted, 200, `events are accepted again after ${trouble}`);
      const { arrivals } = ledger;
      await ledger.until(
        () => ledger.arrivals > arrivals,
        'delivery resumes by itself',
      );
      ok(app.up, 'the app stays up');
    }
    await app.tell({ do: 'stop' });
    // A claim whose answer was lost lasts as long as any other.
    await lastArrive(ledger, store, { endLeases });
    await app.tell({ do: 'flush', timeout: 120_000 });
    await app.end('SIGTERM');
    ledger.check();
    equal(falseSuccesses, 0, 'accepted while the store was away');
    const others = ledger.refusals.filter(
      ({ name, code }) => name !== 'OdpOutboxError' || code !== 'outboxFailed',
    );
    equal(others.length, 0, `refused with ${others[0]?.name}`);
    return {
      troubles: troubles.join(', '),
      accepted: ledger.accepted.size,
      refused: ledger.refusals.length,
      falseSuccesses,
      lost: ledger.lost().length,
      duplicates: ledger.duplicates,
    };
  });
}
