import { createPool } from 'mysql2/promise';
import { expect, it } from 'vitest';
import { mysqlOutbox } from '../../../src/outbox/mysql/index.js';
import {
  deliverAll,
  quietContext,
  someEvents,
} from '../../support/outboxes.js';
import { startMysql } from '../../support/services.js';

const sized = (id: string, size: number) =>
  someEvents(1, id).map((event) => ({
    ...event,
    payload: JSON.stringify('ü'.repeat(size / 2)),
  }));

it('refuses just the event that the server cannot take, and harms no transaction', async ({
  skip,
}) => {
  const service = await startMysql('--max-allowed-packet=1M');
  if (service === undefined) {
    skip('there is no MariaDB here');
    return;
  }
  const pool = createPool({ uri: service.url, connectionLimit: 2 });
  const outbox = mysqlOutbox({ pool });
  await outbox.open(quietContext());
  const connection = await pool.getConnection();
  await connection.beginTransaction();
  const appended = await Promise.allSettled([
    outbox.append(sized('first', 400_000)),
    outbox.append(sized('second', 400_000)),
    outbox.append(sized('large', 600_000)),
    outbox.append(sized('small', 4000)),
    outbox.append(sized('large', 600_000), { transaction: connection }),
  ]);
  expect(appended.map(({ status }) => status)).toEqual([
    'fulfilled',
    'fulfilled',
    'rejected',
    'fulfilled',
    'rejected',
  ]);
  expect(appended[2]).toMatchObject({
    reason: {
      code: 'outboxFailed',
      message: expect.stringContaining('max_allowed_packet') as string,
    },
  });
  await outbox.append(sized('joined', 400_000), { transaction: connection });
  await connection.commit();
  connection.release();
  const claimed = await outbox.claim({ limit: 9, lease: 60_000 });
  expect(claimed).toHaveLength(4);
  await outbox.deadLetter(claimed, { reason: 'rejected', message: 'no' });
  expect(await outbox.requeue({})).toBe(4);
  expect((await deliverAll([outbox])).claimed.toSorted()).toEqual([
    'first-0',
    'joined-0',
    'second-0',
    'small-0',
  ]);
  await outbox.close();
  await pool.end();
  await service.stop();
});
