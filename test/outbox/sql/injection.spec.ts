import { createPool, type Pool } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { OdpOutbox } from '../../../src/outbox/outbox.js';
import { quietContext } from '../../support/outboxes.js';
import { sqlDatabase } from '../../support/sql-databases.js';
import { sqlLibraries } from '../../support/sql-libraries.js';

const database = await sqlDatabase('mysql');

/** What a session may have been set to, and what each means for a text in quotes. */
const SESSIONS = [
  "SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES'",
  "SET SESSION sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES'",
  "SET SESSION sql_mode = 'ANSI_QUOTES'",
  'SET NAMES gbk',
  'SET NAMES sjis',
  'SET NAMES latin1',
];

/** Ends the literal that it is in, and stores an event of its own, if it can. */
const row = ', 20200101, NULL, 1), (0x6576696c, 0x7b7d, 20200101, NULL, 1) -- ';
const HOSTILE = [
  `'${row}`,
  `\\'${row}`,
  `"${row}`,
  // Its last byte and a backslash are one character of GBK, and of Shift JIS.
  `縗'${row}`,
  `ā'${row}`,
  '[ ] { } | \\ ~ ^ ` ? $1 :id ?? 😀',
];

describe.skipIf(database === undefined)(
  'mysqlOutbox: what a text may be',
  () => {
    const libraries = sqlLibraries(database?.url ?? '', 'mysql');
    const pools: Pool[] = [];
    let outbox: OdpOutbox;

    beforeAll(async () => {
      outbox = database!.outbox();
      await outbox.open(quietContext());
    });

    afterAll(async () => {
      await outbox.close();
      await Promise.all(libraries.map((library) => library.end()));
      await Promise.all(pools.map((pool) => pool.end()));
      await database?.remove();
    });

    afterEach(() => database?.empty());

    const events = HOSTILE.flatMap((text) => [
      { id: text, payload: '{}', createdAt: 1 },
      { id: 'payload', payload: JSON.stringify({ text }), createdAt: 1 },
    ]);
    const kept = async () => {
      const claimed = await outbox.claim({ limit: 99, lease: 60_000 });
      return claimed.map(({ id, payload, createdAt }) => ({
        id,
        payload,
        createdAt,
      }));
    };

    describe.each(libraries)('in a transaction of $name', ({ run }) => {
      it.each(SESSIONS)('after %s', async (setting) => {
        await run(async (transaction, execute) => {
          await execute(setting);
          await outbox.append(events, { transaction });
          // The next test's session is like new.
          await execute('SET SESSION sql_mode = DEFAULT');
          await execute('SET NAMES utf8mb4');
        });
        expect(await kept()).toEqual(events);
      });
    });

    it.each(SESSIONS)(
      'on the connection of a pool after %s',
      async (setting) => {
        const pool = createPool({ uri: database!.url, connectionLimit: 1 });
        pools.push(pool);
        const own = database!.outbox({ pool });
        await own.open(quietContext());
        await pool.query(setting);
        await own.append(events);
        expect(await kept()).toEqual(events);
        const message = HOSTILE.join('\n');
        await database!.empty();
        await own.append(
          events.map((event, index) => ({ ...event, receipt: `r${index}` })),
        );
        const claimed = await own.claim({ limit: 99, lease: 60_000 });
        await own.deadLetter(claimed, { reason: 'rejected', message });
        expect(await own.outcomes([`' OR 1 = 1 -- `])).toEqual([]);
        const [text = ''] = HOSTILE;
        expect(
          await own.deadLetters({ ids: [text] }, { limit: 99 }),
        ).toMatchObject([{ id: text, message }]);
        expect(await own.requeue({ ids: [text] })).toBe(1);
        expect(await own.purge({ ids: [`' OR 1 = 1 -- `] })).toBe(0);
        expect(await own.erase({ email: `' OR 1 = 1 -- ` })).toEqual({
          pending: 0,
          deadLetters: 0,
        });
      },
    );
  },
);
