// Stores that format version 1 left behind are read, delivered and mended.
import { deepEqual, equal } from 'node:assert/strict';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import type { OdpOutbox } from '../../src/index.js';
import { fileOutbox } from '../../src/outbox/file/index.js';
import {
  migratePostgresOutbox,
  postgresOutbox,
} from '../../src/outbox/postgres/index.js';
import { redisOutbox } from '../../src/outbox/redis/index.js';
import { OdpSandbox } from '../../src/sandbox/index.js';
import { postgresService, redisService } from '../support/services.js';
import { embeddedApp } from './support/embedded-app.js';
import {
  type LeftBehind,
  leaveInFile,
  leaveInPostgres,
  leaveInRedis,
} from './support/format-1.js';
import { type Figures, scenario } from './support/scenario.js';
import {
  type DurableKind,
  postgresStore,
  redisStore,
  temporaryFolder,
} from './support/stores.js';

type After = (undo: () => unknown) => void;

/** Leaves it in a new place, and opens an outbox there; `undefined` where there is no such service. */
async function leave(
  kind: DurableKind,
  left: LeftBehind,
  after: After,
): Promise<OdpOutbox | undefined> {
  if (kind === 'file') {
    const folder = await temporaryFolder();
    after(() => folder.remove());
    const path = join(folder.path, 'outbox');
    await leaveInFile(path, left);
    return fileOutbox({ path });
  }
  const service = await (kind === 'redis' ? redisService() : postgresService());
  if (service === undefined) return undefined;
  const { url } = service;
  after(() => service.stop());
  if (kind === 'redis') {
    const { config, remove } = await redisStore(service);
    after(remove);
    const { key } = config as { readonly key: string };
    await leaveInRedis(url, key, left);
    const client = new Redis(url);
    after(() => client.disconnect());
    return redisOutbox({ client, key });
  }
  const { config, remove } = await postgresStore(service);
  after(remove);
  const { table } = config as { readonly table: string };
  const pool = new Pool({ connectionString: url, max: 3 });
  after(() => pool.end());
  await pool.query(`DROP TABLE ${table}, ${table}_dead_letters`);
  await leaveInPostgres(url, table, left);
  // As an update of the package asks for; where it does not, nothing changes.
  await migratePostgresOutbox({ pool, table });
  return postgresOutbox({ pool, table });
}

export function formats(kind: DurableKind): Promise<Figures | undefined> {
  return scenario(async (after) => {
    const createdAt = Date.now() - 3_600_000;
    const event = (n: string) => ({ id: `id-of-${n}`, n, createdAt });
    const left: LeftBehind = {
      waiting: [event('first'), event('second'), event('third')],
      dead: event('dead'),
    };
    const outbox = await leave(kind, left, after);
    if (outbox === undefined) return undefined;
    const sandbox = await OdpSandbox.start();
    after(() => sandbox.close());
    const { odp, close } = await embeddedApp({
      apiHost: sandbox.url,
      outbox,
      delivery: { flushInterval: 20 },
    });
    after(close);
    const told = await sandbox.waitFor(3, { timeout: 30_000 });
    deepEqual(await odp.flush(), { pending: 0 });
    deepEqual(
      new Set(
        told.map(({ event: { identifiers, data } }) =>
          [identifiers['n'], data['idempotence_id'], data['note']].join(' '),
        ),
      ),
      new Set(left.waiting.map(({ n, id }) => `${n} ${id} ä😀`)),
    );
    equal(sandbox.events().length, 3);
    const [letter, ...others] = await odp.deadLetters.list();
    equal(others.length, 0);
    equal(letter?.reason, 'rejected');
    equal(letter?.status, 400);
    equal(letter?.message, 'no such thing');
    equal(letter?.failedAttempts, 1);
    equal(await odp.deadLetters.requeue({ ids: [left.dead.id] }), 1);
    await sandbox.waitFor(4, { timeout: 30_000 });
    await odp.sendOdpEvent({ action: 'new', identifiers: { n: 'new' } });
    await sandbox.waitFor(5, { timeout: 30_000 });
    return { format: 1, delivered: 3, requeued: 1 };
  });
}
