import { randomUUID } from 'node:crypto';
import { Pool } from 'pg';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { failureOf, quietContext, someEvents } from '../../support/outboxes.js';
import { postgresService } from '../../support/services.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { OdpOutboxError } from '../../../src/errors/index.js';
import {
  migratePostgresOutbox,
  postgresOutbox,
} from '../../../src/outbox/postgres/index.js';

const service = await postgresService();

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** An outbox with a table of its own at a server, reached by another way. */
async function outboxAt(direct: string, way = direct, options = {}) {
  const admin = new Pool({ connectionString: direct, max: 1 });
  admin.on('error', () => {});
  const table = `odp_${randomUUID().replaceAll('-', '')}`;
  await migratePostgresOutbox({ pool: admin, table });
  // No listener for 'error' here: that an idle connection breaks must not end the app.
  const pool = new Pool({ connectionString: way, ...options });
  cleanups.push(async () => {
    await admin.query(
      `DROP TABLE IF EXISTS ${table}, ${table}_dead_letters, ${table}_outcomes, ${table}_format`,
    );
    await admin.end();
  });
  cleanups.push(() => pool.end());
  return { pool, table, outbox: postgresOutbox({ pool, table }) };
}

/** The same with a line that can be cut. */
async function behindProxy(options = {}) {
  const url = service?.url ?? '';
  const proxy = await TcpProxy.before(url);
  const { outbox, pool, table } = await outboxAt(url, proxy.url(url), options);
  cleanups.push(() => proxy.restore());
  return { proxy, outbox, pool, table };
}

describe.skipIf(service === undefined)(
  'postgresOutbox: cut off from Postgres',
  () => {
    it('stays up when idle connections break after it was closed', async () => {
      const { proxy, outbox, pool } = await behindProxy();
      for (let times = 0; times < 3; times++) {
        await outbox.open(quietContext());
        await outbox.close();
      }
      expect(pool.listenerCount('error')).toBe(1);
      expect(pool.idleCount).toBeGreaterThan(0);
      const emptied = new Promise<void>((resolve) => {
        pool.on('remove', () => pool.totalCount === 0 && resolve());
      });
      await proxy.cut();
      await emptied;
    });

    it('stays up when idle connections break', async () => {
      const { proxy, outbox, pool } = await behindProxy();
      await outbox.open(quietContext());
      await Promise.all([outbox.counts(), outbox.counts(), outbox.counts()]);
      expect(pool.idleCount).toBeGreaterThan(0);
      const emptied = new Promise<void>((resolve) => {
        pool.on('remove', () => pool.totalCount === 0 && resolve());
      });
      await proxy.cut();
      await emptied;
      await proxy.restore();
      expect(await outbox.counts()).toMatchObject({ pending: 0 });
      await outbox.close();
    });

    it('stays up when a connection ends with the answer that opens it', async () => {
      const { outbox, pool } = await outboxAt(service?.url ?? '');
      const connect = pool.connect.bind(pool);
      type Taken = Parameters<Parameters<typeof connect>[0]>;
      const said = vi.fn();
      // Both are in one packet, so `pg` reads them in one go.
      const endAtOnce = (take: (...taken: Taken) => void) =>
        connect((...taken) => {
          take(...taken);
          said(taken[1]?.emit('error', new Error('terminating connection')));
        });
      vi.spyOn(pool, 'connect').mockImplementation(((
        callback?: (...taken: Taken) => void,
      ) =>
        callback === undefined
          ? new Promise((resolve) => {
              endAtOnce((_, client) => resolve(client as never));
            })
          : endAtOnce(callback)) as typeof connect);
      await outbox.open(quietContext());
      expect(said).toHaveBeenCalledWith(true);
      await outbox.close();
    });

    it('takes connections from a pool that knows only promises', async () => {
      const { outbox, pool } = await outboxAt(service?.url ?? '', undefined, {
        max: 1,
      });
      const connect = pool.connect.bind(pool);
      vi.spyOn(pool, 'connect').mockImplementation(() => connect());
      await outbox.open(quietContext());
      await outbox.append(someEvents(1));
      expect(await outbox.counts()).toMatchObject({ pending: 1 });
      await outbox.close();
    });

    it('waits for no answer longer than 5 s, and gives the connection up', async () => {
      const { proxy, outbox, pool } = await behindProxy({ max: 1 });
      await outbox.open(quietContext());
      proxy.silence();
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      const asked = failureOf(() => outbox.append(someEvents(1)));
      await vi.advanceTimersByTimeAsync(5000);
      expect(String(await asked)).toMatch(
        /did not answer.*within 5000 ms.*unknown/,
      );
      vi.useRealTimers();
      expect(pool.totalCount).toBe(0);
      await proxy.restore();
      await outbox.append(someEvents(1));
      await outbox.close();
    });

    it('waits no longer for a connection either, and takes none that comes too late', async () => {
      const { outbox, pool } = await outboxAt(service?.url ?? '', undefined, {
        max: 1,
      });
      await outbox.open(quietContext());
      const taken = await pool.connect();
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      const asked = failureOf(() => outbox.append(someEvents(1)));
      await vi.advanceTimersByTimeAsync(5000);
      expect(await asked).toBeInstanceOf(OdpOutboxError);
      vi.useRealTimers();
      taken.release();
      expect(await outbox.counts()).toMatchObject({ pending: 0 });
      await outbox.close();
    });
  },
);
