import { randomUUID } from 'node:crypto';
import { Client, Pool } from 'pg';
import {
  afterAll,
  afterEach,
  beforeEach,
  describe,
  expect,
  it,
  vi,
} from 'vitest';
import {
  Bell,
  deliverAll,
  failureOf,
  idsOf,
  LEASE,
  quietContext,
  someEvents,
} from '../../support/outboxes.js';
import { postgresService } from '../../support/services.js';
import {
  OdpConfigurationError,
  OdpOutboxError,
} from '../../../src/errors/index.js';
import type { OdpOutbox } from '../../../src/outbox/outbox.js';
import {
  migratePostgresOutbox,
  postgresOutbox,
  postgresOutboxSql,
} from '../../../src/outbox/postgres/index.js';

const service = await postgresService();
const original = Client.prototype.query;

describe('postgresOutbox: options', () => {
  it('takes plain names of tables only', () => {
    const pool = new Pool();
    for (const table of [
      '',
      'a b',
      '1a',
      'a.b.c',
      'a"b',
      "a'b",
      'a;b',
      'a$odp$b',
      'a'.repeat(51),
      `${'s'.repeat(64)}.a`,
    ]) {
      expect(() => postgresOutbox({ pool, table })).toThrow(
        OdpConfigurationError,
      );
      expect(() => postgresOutboxSql({ table })).toThrow(OdpConfigurationError);
    }
    expect(postgresOutbox({ pool, table: 'Sales.odp_2' }).name).toBe(
      'postgres (Sales.odp_2)',
    );
    const nothing = undefined as unknown as Pool;
    expect(() => postgresOutbox({ pool: nothing })).toThrow(
      /postgresOutbox\.pool/,
    );
  });
});

describe.skipIf(service === undefined)('postgresOutbox: instances', () => {
  const schema = `odp_${randomUUID().replaceAll('-', '')}`;
  const table = `${schema}.odp_outbox`;
  const app = new Pool({ connectionString: service?.url });
  const dropTables = `DROP TABLE ${table}, ${table}_dead_letters, ${table}_outcomes, ${table}_format`;
  const opened: OdpOutbox[] = [];
  const pools: Pool[] = [];

  /** One more process of the app, as far as Postgres can tell. */
  async function instance(max = 4, ready = () => {}, notify = false) {
    const pool = new Pool({ connectionString: service?.url, max });
    pools.push(pool);
    const outbox = postgresOutbox({ pool, table, notify });
    await outbox.open(quietContext(ready));
    opened.push(outbox);
    return outbox;
  }

  beforeEach(async () => {
    await app.query(`CREATE SCHEMA ${schema}`);
    await migratePostgresOutbox({ pool: app, table });
  });

  afterEach(async () => {
    for (const outbox of opened.splice(0)) await outbox.close();
    await Promise.all(pools.splice(0).map((pool) => pool.end()));
    await app.query(`DROP SCHEMA ${schema} CASCADE`);
  });

  afterAll(async () => {
    await app.end();
    await service?.stop();
  });

  it.each(['repeatable read', 'serializable'])(
    'does so as well where transactions are %s',
    async (isolation) => {
      const pool = new Pool({
        connectionString: service?.url,
        options: `-c default_transaction_isolation=${isolation.replace(' ', '\\ ')}`,
      });
      pools.push(pool);
      const outboxes = [1, 2].map(() =>
        postgresOutbox({ pool, table, notify: false }),
      );
      for (const outbox of outboxes) {
        await outbox.open(quietContext());
        opened.push(outbox);
      }
      await outboxes[0]?.append(someEvents(1000));
      const { claimed, acknowledged } = await deliverAll(outboxes, 10);
      expect(new Set(claimed).size).toBe(1000);
      expect(claimed).toHaveLength(1000);
      expect(acknowledged).toBe(1000);
    },
  );

  it('works with a pool of one connection', async () => {
    const outbox = await instance(1, () => {}, true);
    await Promise.all([outbox.append(someEvents(3)), outbox.counts()]);
    expect(await deliverAll([outbox])).toMatchObject({ acknowledged: 3 });
  });

  it('is migrated by several instances at once, and again, without harm', async () => {
    await app.query(dropTables);
    await Promise.all(
      Array.from({ length: 4 }, () =>
        migratePostgresOutbox({ pool: app, table }),
      ),
    );
    const outbox = await instance();
    await outbox.append(someEvents(1));
    await migratePostgresOutbox({ pool: app, table });
    await app.query(postgresOutboxSql({ table }));
    expect(await outbox.counts()).toMatchObject({ pending: 1 });
  });

  it('makes the tables if there are none, in several instances at once', async () => {
    await app.query(dropTables);
    const [outbox] = await Promise.all([instance(), instance(), instance()]);
    await outbox.append(someEvents(1));
    expect(await outbox.counts()).toMatchObject({ pending: 1 });
  });

  it('says how to make the tables if it may not, and can be opened once there are', async () => {
    await app.query(dropTables);
    const pool = new Pool({
      connectionString: service?.url,
      options: '-c default_transaction_read_only=on',
    });
    const readOnly = postgresOutbox({ pool, table, notify: false });
    expect(await failureOf(() => readOnly.open(quietContext()))).toMatchObject({
      code: 'outboxFailed',
      message: expect.stringContaining('migratePostgresOutbox') as string,
    });
    await migratePostgresOutbox({ pool: app, table });
    await readOnly.open(quietContext());
    await readOnly.close();
    await pool.end();
  });

  it('leaves a table alone that is something else', async () => {
    await app.query(`CREATE TABLE ${schema}.orders (id int)`);
    const outbox = postgresOutbox({ pool: app, table: `${schema}.orders` });
    await expect(outbox.open(quietContext())).rejects.toThrow(
      'is not an outbox',
    );
  });

  it.each(['TRUNCATE', 'DROP TABLE'])(
    'is not disabled by an operator: a comment, and %s of its format',
    async (harm) => {
      const before = await instance();
      await before.append(someEvents(2));
      await app.query(`COMMENT ON TABLE ${table} IS 'owned by team Checkout'`);
      await app.query(`${harm} ${table}_format`);
      const after = await instance();
      expect(await deliverAll([after])).toMatchObject({ acknowledged: 2 });
      expect(
        (await app.query(`SELECT version FROM ${table}_format`)).rows,
      ).toEqual([{ version: 1 }]);
    },
  );

  it('refuses a table that a newer version of this package has made', async () => {
    await app.query(`UPDATE ${table}_format SET version = 2`);
    await migratePostgresOutbox({ pool: app, table });
    await expect(instance()).rejects.toThrow(/version 2.*Update the package/s);
  });

  it('refuses to work when it is not open', async () => {
    const outbox = await instance();
    await outbox.close();
    expect(await failureOf(() => outbox.append(someEvents(1)))).toBeInstanceOf(
      OdpOutboxError,
    );
    expect(
      await failureOf(() => outbox.claim({ limit: 1, lease: 1 })),
    ).toBeInstanceOf(OdpOutboxError);
  });

  it('counts what is there, however far the oldest is from the newest', async () => {
    const outbox = await instance();
    await outbox.append(someEvents(3));
    const [oldest] = await outbox.claim({ limit: 3, lease: LEASE });
    // As after a few million events that were delivered meanwhile.
    await app.query(
      `ALTER TABLE ${table} ALTER COLUMN seq RESTART WITH 5000000`,
    );
    await outbox.append(someEvents(10_000));
    expect(await outbox.counts()).toMatchObject({ pending: 10_003 });
    await outbox.acknowledge(oldest === undefined ? [] : [oldest]);
    await expect.poll(() => outbox.counts()).toMatchObject({ pending: 10_002 });
  });

  it('claims again at once what it claimed when the answer was lost', async () => {
    const pool = new Pool({ connectionString: service?.url, max: 1 });
    pools.push(pool);
    const outbox = postgresOutbox({ pool, table, notify: false });
    await outbox.open(quietContext());
    opened.push(outbox);
    await outbox.append(someEvents(3));
    const client = await pool.connect();
    const query = client.query.bind(client) as (
      text: string,
      values?: unknown[],
    ) => Promise<unknown>;
    const lossy = vi.spyOn(client, 'query');
    lossy.mockImplementation(async (text: string, values?: unknown[]) => {
      await query(text, values);
      throw new Error('lost');
    });
    client.release();
    const claim = { limit: 2, lease: LEASE };
    expect(String(await failureOf(() => outbox.claim(claim)))).toContain(
      'lost',
    );
    const again = await outbox.claim(claim);
    expect(idsOf(again)).toEqual(['event-0', 'event-1']);
    expect(idsOf(await outbox.claim(claim))).toEqual(['event-2']);
    expect(await outbox.acknowledge(again)).toBe(2);
  });

  it('says once that it cannot listen, and why', async () => {
    const pool = new Pool({
      connectionString: service?.url,
      application_name: 'odp-deaf',
    });
    pools.push(pool);
    const outbox = postgresOutbox({ pool, table });
    // What LISTEN is, on a pooler that does not offer it.
    vi.spyOn(Client.prototype, 'query').mockImplementation(function (
      this: Client,
      ...given: unknown[]
    ) {
      const [text] = given;
      if (typeof text === 'string' && text.startsWith('LISTEN')) {
        return Promise.reject(new Error('LISTEN is not offered')) as never;
      }
      return original.apply(this, given as never);
    });
    const warned = new Promise<string>((resolve) => {
      void outbox.open(quietContext({ warn: resolve }));
    });
    expect(await warned).toMatch(/LISTEN.*not offered.*notify: false/s);
    vi.restoreAllMocks();
    opened.push(outbox);
  });

  it('wakes other instances when a transaction commits, and only then', async () => {
    const bell = new Bell();
    const listening = bell.next();
    const outbox = await instance(2, bell.ring, true);
    // It rings once it listens, for what came before.
    await listening;
    const awake = bell.next();
    const sender = await instance(2, () => {}, true);
    const client = await app.connect();
    await client.query('BEGIN');
    await sender.append(someEvents(1), { transaction: client });
    expect(await outbox.counts()).toMatchObject({ pending: 0 });
    expect(bell.rings).toBe(1);
    await client.query('COMMIT');
    await awake;
    expect(await deliverAll([outbox])).toMatchObject({ acknowledged: 1 });
    client.release();
  });

  it('finds its table wherever the search path of a transaction leads', async () => {
    const pool = new Pool({
      connectionString: service?.url,
      options: `-c search_path=${schema}`,
    });
    pools.push(pool);
    const outbox = postgresOutbox({ pool });
    await outbox.open(quietContext());
    opened.push(outbox);
    const client = await app.connect();
    await client.query('BEGIN');
    await outbox.append(someEvents(1), { transaction: client });
    await client.query('COMMIT');
    client.release();
    expect(await deliverAll([outbox])).toMatchObject({ acknowledged: 1 });
  });
});
