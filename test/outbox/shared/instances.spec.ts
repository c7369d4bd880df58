import { inspect } from 'node:util';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  claimOnceDue,
  deliverAll,
  failureOf,
  idsOf,
  LEASE,
  quietContext,
  someEvents,
} from '../../support/outboxes.js';
import { type Place, sharedStores } from '../../support/shared-stores.js';
import { OdpOutboxError } from '../../../src/errors/index.js';
import type { OdpOutbox } from '../../../src/outbox/outbox.js';

const stores = await sharedStores();
if (stores.length === 0) it.skip('there is no server here');

describe.each(stores)('$name: instances that share an outbox', (store) => {
  const { service } = store;
  const opened: OdpOutbox[] = [];
  let place: Place;

  async function instance(): Promise<OdpOutbox> {
    const outbox = place.instance();
    await outbox.open(quietContext());
    opened.push(outbox);
    return outbox;
  }

  beforeEach(() => {
    place = store.place(service.url);
  });

  afterEach(async () => {
    for (const outbox of opened.splice(0)) await outbox.close();
    await place.remove();
  });

  afterAll(() => service.stop());

  it('hands 2,000 events to four instances, each to one of them', async () => {
    const outboxes = await Promise.all([1, 2, 3, 4].map(() => instance()));
    await Promise.all(
      outboxes.map(async (outbox, index) => {
        await outbox.append(someEvents(500, `from-${index}`));
      }),
    );
    const { claimed, acknowledged } = await deliverAll(outboxes);
    expect(new Set(claimed).size).toBe(2000);
    expect(claimed).toHaveLength(2000);
    expect(acknowledged).toBe(2000);
    expect(await outboxes[0]?.counts()).toMatchObject({ pending: 0 });
  });

  it('passes on what a dead instance held, by the clock of the server, and ignores that one', async () => {
    const [dead, heir] = [await instance(), await instance()];
    await dead.append(someEvents(20));
    const lost = await dead.claim({ limit: 20, lease: 1 });
    const taken = await claimOnceDue(heir);
    expect(idsOf(taken)).toEqual(idsOf(lost));
    expect(await dead.acknowledge(lost)).toBe(0);
    await dead.release(lost, { delay: 0, failed: true });
    expect(
      await dead.deadLetter(lost, { reason: 'expired', message: 'late' }),
    ).toBe(0);
    expect(await heir.claim({ limit: 20, lease: LEASE })).toEqual([]);
    expect(await heir.acknowledge(taken)).toBe(20);
  });

  it('lets each claim have the lease that it asked for', async () => {
    const [patient, hasty] = [await instance(), await instance()];
    await patient.append(someEvents(2));
    const long = await patient.claim({ limit: 1, lease: LEASE });
    await hasty.claim({ limit: 1, lease: 1 });
    expect(idsOf(await claimOnceDue(hasty))).toEqual(['event-1']);
    expect(await patient.acknowledge(long)).toBe(1);
  });

  it('keeps a flush to the events of its own instance', async () => {
    const [one, other] = [await instance(), await instance()];
    await one.append(someEvents(2, 'one'));
    await other.append(someEvents(3, 'other'));
    const flush = await one.checkpoint();
    expect(await flush.pending()).toBe(2);
    await other.acknowledge(await other.claim({ limit: 1, lease: LEASE }));
    expect(await flush.pending()).toBe(1);
    flush.close();
  });

  it('keeps any id, and finds it again', async () => {
    const outbox = await instance();
    const ids = ['\0', '"', '\ud800', 'ü😀', 'a', 'a ', 'A', ' '.repeat(2000)];
    await outbox.append(ids.map((id) => ({ id, payload: '{}', createdAt: 1 })));
    const claimed = await outbox.claim({ limit: 9, lease: LEASE });
    expect(idsOf(claimed)).toEqual(ids);
    await outbox.deadLetter(claimed, {
      reason: 'expired',
      message: '\0"\ud800',
    });
    const letters = await outbox.deadLetters(
      { ids: ['\0', '\ud800', 'a'] },
      { limit: 9 },
    );
    expect(letters.map(({ id, message }) => [id, message])).toEqual([
      ['\0', '\0"\ud800'],
      ['\ud800', '\0"\ud800'],
      ['a', '\0"\ud800'],
    ]);
    expect(await outbox.requeue({ ids: ['a ', 'ü😀'] })).toBe(2);
    expect(await outbox.counts()).toMatchObject({ pending: 2, deadLetters: 6 });
  });

  it('requeues and purges thousands of dead letters', async () => {
    const outbox = await instance();
    await outbox.append(someEvents(2500));
    for (const reason of ['rejected', 'expired', 'rejected'] as const) {
      const claimed = await outbox.claim({ limit: 833, lease: LEASE });
      expect(await outbox.deadLetter(claimed, { reason, message: 'no' })).toBe(
        833,
      );
    }
    expect(
      await outbox.deadLetters({ reason: 'rejected' }, { limit: 1000 }),
    ).toHaveLength(1000);
    expect(await outbox.requeue({ reason: 'rejected' })).toBe(1666);
    expect(await outbox.purge({})).toBe(833);
    expect(await outbox.counts()).toMatchObject({
      pending: 1667,
      deadLetters: 0,
    });
  });

  it('trims dead letters by the clock of the server', async () => {
    const letters = await instance();
    await letters.append(someEvents(2));
    const claimed = await letters.claim({ limit: 2, lease: LEASE });
    await letters.deadLetter(claimed, { reason: 'expired', message: 'old' });
    const day = 24 * 60 * 60 * 1000;
    let removed = 0;
    const trimmed = async (maxCount: number) => {
      const ahead = place.instance();
      await ahead.open(
        quietContext({
          now: () => Date.now() + 3 * day,
          deadLetterRetention: { maxAge: day, maxCount, maxBytes: Infinity },
          deadLettersRemoved: (count) => (removed += count),
        }),
      );
      opened.push(ahead);
      await ahead.trimDeadLetters();
      return { ...(await ahead.counts()), removed };
    };
    expect(await trimmed(2)).toMatchObject({ deadLetters: 2, removed: 0 });
    expect(await trimmed(1)).toMatchObject({ deadLetters: 1, removed: 1 });
  });

  it('tells of an error without what the events hold', async () => {
    const outbox = await instance();
    const words = await place.spoil();
    const secret = {
      id: 'a',
      payload: '{"email":"jane@acme.example"}',
      createdAt: 0,
    };
    const error = await failureOf(() => outbox.append([secret]));
    expect(error).toBeInstanceOf(OdpOutboxError);
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(
      'jane',
    );
    // MySQL and MariaDB write the word differently.
    expect((error as Error).message.toLowerCase()).toContain(words);
  });

  it('refuses to serve two accounts', async () => {
    const outbox = await instance();
    expect(await failureOf(() => outbox.open(quietContext()))).toBeInstanceOf(
      OdpOutboxError,
    );
  });
});
