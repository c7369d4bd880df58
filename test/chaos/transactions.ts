// Transactions of every library from end to end: ODP gets exactly the events of committed work.
import { deepEqual, equal } from 'node:assert/strict';
import { DataSource } from 'typeorm';
import { OdpSandbox } from '../../src/sandbox/index.js';
import { sqlLibraries } from '../support/sql-libraries.js';
import { embeddedApp } from './support/embedded-app.js';
import {
  type Figures,
  randomFrom,
  scenario,
  upTo,
} from './support/scenario.js';
import { instanceOf, type Store } from './support/stores.js';

class RolledBack extends Error {}

export function transactions(
  store: Store,
  { count, seed }: { readonly count: number; readonly seed: number },
): Promise<Figures> {
  const { config } = store;
  if (config.kind !== 'postgres' && config.kind !== 'mysql') {
    throw new TypeError('No transactions there.');
  }
  const { url, table } = config;
  return scenario(async (after) => {
    const random = randomFrom(seed);
    const sandbox = await OdpSandbox.start();
    after(() => sandbox.close());
    const { outbox, end } = instanceOf(store);
    after(end);
    const data = await new DataSource({ type: config.kind, url }).initialize();
    after(() => data.destroy());
    await data.query(`CREATE TABLE ${table}_work (n varchar(99) PRIMARY KEY)`);
    after(() => data.query(`DROP TABLE ${table}_work`));
    const { odp, close } = await embeddedApp({
      apiHost: sandbox.url,
      outbox,
      delivery: { flushInterval: 20 },
    });
    after(close);
    const all = sqlLibraries(url, config.kind);
    for (const library of all) after(() => library.end());

    const committed: string[] = [];
    let rolledBack = 0;
    const work = async (index: number) => {
      const { name, run } = all[index % all.length] as (typeof all)[number];
      const commits = random() < 0.5;
      const names = Array.from(
        { length: upTo(3, random) },
        (_, event) => `${name.replaceAll(/\W/g, '')}-${index}-${event}`,
      );
      try {
        await run(async (transaction, execute) => {
          for (const n of names) {
            await execute(`INSERT INTO ${table}_work VALUES ('${n}')`);
            const event = { action: 'worked', identifiers: { n } };
            await odp.sendOdpEvent(event, { transaction });
          }
          if (!commits) throw new RolledBack();
        });
        committed.push(...names);
      } catch (error) {
        if (!(error instanceof RolledBack)) throw error;
        rolledBack++;
      }
    };
    let next = 0;
    const worker = async () => {
      while (next < count) await work(next++);
    };
    await Promise.all(Array.from({ length: 6 }, worker));
    await sandbox.waitFor(committed.length, { timeout: 60_000 });
    deepEqual(await odp.flush({ timeout: 60_000 }), { pending: 0 });
    const arrived = sandbox.events().map(({ event }) => event.identifiers['n']);
    equal(arrived.length, committed.length);
    deepEqual(new Set(arrived), new Set(committed), 'what was committed');
    const rows = await data.query<{ n: string }[]>(
      `SELECT n FROM ${table}_work`,
    );
    const stored = new Set(rows.map(({ n }) => n));
    deepEqual(stored, new Set(committed), "the work's own rows");
    return {
      transactions: count,
      rolledBack,
      committedEvents: committed.length,
      arrived: arrived.length,
    };
  });
}
