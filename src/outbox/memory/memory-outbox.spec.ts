import { quietContext } from '../../../test/support/outboxes.js';
import { describe, expect, it } from 'vitest';
import { checkAgainstModel } from '../../../test/support/outbox-model.js';
import {
  OdpConfigurationError,
  OdpOutboxError,
  OdpOutboxFullError,
  OdpTimeoutError,
} from '../../errors/index.js';
import { outboxContract } from '../../testing/index.js';
import type { OdpOutbox, OutboxEvent } from '../outbox.js';
import { memoryOutbox, type MemoryOutboxOptions } from './index.js';

const LEASE = { limit: 1000, lease: 1000 };

const event = (id: string, size = 10): OutboxEvent => ({
  id,
  payload: 'x'.repeat(size),
  createdAt: 0,
});
const events = (...ids: string[]) => ids.map((id) => event(id));
const idsOf = (list: readonly { id: string }[]) => list.map(({ id }) => id);

async function open(options: Partial<MemoryOutboxOptions>) {
  const outbox = memoryOutbox(options);
  const dropped: string[] = [];
  const ready = { times: 0 };
  await outbox.open(
    quietContext({
      now: () => 0,
      dropped: ({ id }) => dropped.push(id),
      ready: () => ready.times++,
    }),
  );
  return { outbox, dropped, ready };
}

const pending = async (outbox: OdpOutbox) => (await outbox.counts()).pending;
/** An append as a promise, even if the outbox throws at once. */
const append = async (
  outbox: OdpOutbox,
  list: readonly OutboxEvent[],
  wait = false,
) => outbox.append(list, { wait });

const acknowledge = async (outbox: OdpOutbox, limit: number) =>
  outbox.acknowledge(await outbox.claim({ limit, lease: 1000 }));
/** Whether it has resolved by now. */
async function isDone(promise: Promise<unknown>): Promise<boolean> {
  const later = Promise.resolve('later');
  await new Promise((resolve) => setImmediate(resolve));
  return (await Promise.race([promise, later])) !== 'later';
}

describe('memoryOutbox keeps the contract of outboxes', () => {
  for (const { name, run } of outboxContract({
    create: () => memoryOutbox(),
  })) {
    it(name, run);
  }

  it('whatever is done with it, in whatever order', async () => {
    await checkAgainstModel({ runs: 500, create: () => memoryOutbox() });
  });
});

describe('memoryOutbox', () => {
  it('reports all invalid options at once', () => {
    const options = { capacity: 0, whenFull: 'explode' as 'reject' };
    const make = () => memoryOutbox(options);
    expect(make).toThrow(OdpConfigurationError);
    expect(make).toThrow(/memoryOutbox\.capacity.*memoryOutbox\.whenFull/);
  });

  it('serves one account only', async () => {
    const { outbox } = await open({});
    const context = quietContext({ now: () => 0, ready: () => {} });
    expect(() => outbox.open(context)).toThrow(OdpOutboxError);
    expect(() => outbox.open(context)).toThrow(/memoryOutbox\(\)/);
  });

  it('answers at once, so that nobody waits for a promise', async () => {
    const { outbox } = await open({});
    expect(outbox.append(events('a'))).toBeUndefined();
    expect(outbox.claim(LEASE)).toHaveLength(1);
  });

  it('says what it is, and what it survives', () => {
    expect(memoryOutbox()).toMatchObject({
      name: 'memory',
      durability: 'process',
    });
  });

  it('cannot be used before it is opened, nor after it was closed', async () => {
    expect(() => memoryOutbox().append(events('a'))).toThrow(/is not open/);
    const { outbox } = await open({});
    await outbox.close();
    expect(() => outbox.append(events('a'))).toThrow(
      /Send events between the start of the app and its shutdown/,
    );
  });

  it('knows how long its oldest event has waited', async () => {
    const outbox = memoryOutbox();
    let time = 100;
    await outbox.open(quietContext({ monotonic: () => time }));
    await outbox.append(events('a'));
    time = 350;
    expect(await outbox.counts()).toMatchObject({ oldestAge: 250 });
    time = 50;
    expect(await outbox.counts()).toMatchObject({ oldestAge: 0 });
  });

  it('requeues no more bytes than fit', async () => {
    const { outbox } = await open({ capacity: 1000 });
    const large = ['a', 'b', 'c'].map((id) => event(id, 7 * 1024 * 1024));
    for (const one of large) {
      await outbox.append([one]);
      await outbox.deadLetter(await outbox.claim(LEASE), {
        reason: 'rejected',
        message: 'no',
      });
    }
    // Of 16 MiB, dead letters and pending events alike.
    expect(await outbox.requeue({})).toBe(2);
  });

  it('joins no transaction', async () => {
    const { outbox } = await open({});
    expect(() => outbox.append(events('a'), { transaction: {} })).toThrow(
      /postgresOutbox/,
    );
    expect(await pending(outbox)).toBe(0);
  });

  it('keeps its last 1000 dead letters', async () => {
    const { outbox } = await open({});
    const ids = Array.from({ length: 1003 }, (_, index) => `e${index}`);
    await outbox.append(events(...ids));
    const claimed = await outbox.claim({ limit: 1003, lease: 1 });
    await outbox.deadLetter(claimed, { reason: 'rejected', message: 'no' });
    const letters = await outbox.deadLetters({}, { limit: 2000 });
    expect(idsOf(letters)).toEqual(ids.slice(3));
    expect((await outbox.counts()).deadLetters).toBe(1000);
  });

  it('announces requeued events, as many as there is capacity for', async () => {
    const { outbox, ready } = await open({ capacity: 3 });
    await outbox.append(events('a', 'b', 'c'));
    const claimed = await outbox.claim(LEASE);
    await outbox.deadLetter(claimed, { reason: 'rejected', message: 'no' });
    await outbox.append(events('d'));
    expect(ready.times).toBe(0);
    expect(await outbox.requeue({})).toBe(2);
    expect(ready.times).toBe(1);
    expect(idsOf(await outbox.deadLetters({}, { limit: 9 }))).toEqual(['c']);
    expect(await outbox.requeue({})).toBe(0);
    expect(ready.times).toBe(1);
  });
});

describe("memoryOutbox with whenFull: 'reject'", () => {
  it('takes what fits and refuses a list that does not, whole', async () => {
    const { outbox } = await open({ capacity: 3 });
    await append(outbox, events('a', 'b'));
    await expect(append(outbox, events('c', 'd'))).rejects.toThrow(
      OdpOutboxFullError,
    );
    expect(await pending(outbox)).toBe(2);
    await append(outbox, events('c'));
    expect(idsOf(await outbox.claim(LEASE))).toEqual(['a', 'b', 'c']);
  });

  it('rejects those who would wait, too', async () => {
    const { outbox } = await open({ capacity: 1 });
    await append(outbox, events('a'), true);
    await expect(append(outbox, events('b'), true)).rejects.toThrow(
      OdpOutboxFullError,
    );
  });

  it('has capacity again for each event that is acknowledged or dead-lettered, but not for a claimed one', async () => {
    const { outbox } = await open({ capacity: 2 });
    await outbox.append(events('a', 'b'));
    const [a, b] = await outbox.claim(LEASE);
    await expect(append(outbox, events('c'))).rejects.toThrow();
    await outbox.acknowledge(a ? [a] : []);
    await append(outbox, events('c'));
    await expect(append(outbox, events('d'))).rejects.toThrow();
    await outbox.deadLetter(b ? [b] : [], {
      reason: 'expired',
      message: 'old',
    });
    await append(outbox, events('d'));
    expect(await pending(outbox)).toBe(2);
  });

  it('is full sooner if events are large: 16 MiB at least, else 4 KiB each', async () => {
    const { outbox } = await open({ capacity: 1000 });
    const mebibyte = (id: string) => event(id, 1024 * 1024);
    for (let index = 0; index < 16; index++) {
      await append(outbox, [mebibyte(`e${index}`)]);
    }
    await expect(append(outbox, [event('one more')])).rejects.toThrow(
      OdpOutboxFullError,
    );
    const [first] = await outbox.claim({ limit: 1, lease: 1 });
    await outbox.acknowledge(first ? [first] : []);
    await append(outbox, [event('one more')]);
    await expect(append(outbox, [mebibyte('large')])).rejects.toThrow(
      OdpOutboxFullError,
    );

    const larger = await open({ capacity: 8192 });
    await append(larger.outbox, [event('half', 16 * 1024 * 1024)]);
    await append(larger.outbox, [event('other', 16 * 1024 * 1024)]);
    await expect(append(larger.outbox, [event('x')])).rejects.toThrow();
    // Exactly what fits into an empty one, and one more.
    const empty = (await open({ capacity: 1000 })).outbox;
    await append(empty, [event('all', 16 * 1024 * 1024)]);
    await expect(
      append(empty, [event('more', 16 * 1024 * 1024 + 1)]),
    ).rejects.toThrow(/can never fit/);
  });
});

describe("memoryOutbox with whenFull: 'drop-oldest'", () => {
  it('gives up the oldest waiting events, and reports which', async () => {
    const { outbox, dropped } = await open({
      capacity: 3,
      whenFull: 'drop-oldest',
    });
    await append(outbox, events('a', 'b', 'c'));
    await append(outbox, events('d', 'e'));
    expect(dropped).toEqual(['a', 'b']);
    expect(await pending(outbox)).toBe(3);
    expect(idsOf(await outbox.claim(LEASE))).toEqual(['c', 'd', 'e']);
  });

  it('gives up what was given back before what is newer', async () => {
    const { outbox, dropped } = await open({
      capacity: 2,
      whenFull: 'drop-oldest',
    });
    await append(outbox, events('a', 'b'));
    const claimed = await outbox.claim({ limit: 1, lease: 1000 });
    await outbox.release(claimed, { delay: 60_000, failed: true });
    await append(outbox, events('c'));
    expect(dropped).toEqual(['a']);
  });

  it('gives up no event that is being sent, and none for a list that cannot fit', async () => {
    const { outbox, dropped } = await open({
      capacity: 3,
      whenFull: 'drop-oldest',
    });
    await append(outbox, events('a', 'b', 'c'));
    await outbox.claim({ limit: 2, lease: 1000 });
    await expect(append(outbox, events('d', 'e'))).rejects.toThrow(
      OdpOutboxFullError,
    );
    expect(dropped).toEqual([]);
    await append(outbox, events('d'));
    expect(dropped).toEqual(['c']);
  });

  it('gives up none for a list that is too large beside what is being sent', async () => {
    const { outbox, dropped } = await open({
      capacity: 100,
      whenFull: 'drop-oldest',
    });
    await append(outbox, [event('sent', 10_000_000), event('waiting')]);
    await outbox.claim({ limit: 1, lease: 1000 });
    await expect(append(outbox, [event('x', 10_000_000)])).rejects.toThrow(
      OdpOutboxFullError,
    );
    expect(dropped).toEqual([]);
  });
});

describe('a memoryOutbox that serves one app after another', () => {
  it('hands out what its predecessor had claimed or released with a delay', async () => {
    const { outbox } = await open({});
    await outbox.append(events('held', 'delayed', 'waiting'));
    const [, delayed] = await outbox.claim({ limit: 2, lease: 60_000 });
    if (delayed === undefined) throw new TypeError('Nothing was claimed.');
    await outbox.release([delayed], { delay: 60_000, failed: true });
    await outbox.close();
    await outbox.open(quietContext({ now: () => 0 }));
    expect(idsOf(await outbox.claim(LEASE))).toEqual([
      'held',
      'delayed',
      'waiting',
    ]);
  });
});

describe("memoryOutbox with whenFull: 'wait'", () => {
  it('lets callers in as capacity appears, first come, first served', async () => {
    const { outbox, ready } = await open({ capacity: 2, whenFull: 'wait' });
    await append(outbox, events('a', 'b'), true);
    const first = append(outbox, events('c', 'd'), true);
    const second = append(outbox, events('e'), true);
    expect(await isDone(first)).toBe(false);

    const { times } = ready;
    await acknowledge(outbox, 1);
    expect(await isDone(first)).toBe(false);
    expect(ready.times).toBe(times);
    await acknowledge(outbox, 1);
    expect(await isDone(first)).toBe(true);
    expect(ready.times).toBe(times + 1);
    expect(await isDone(second)).toBe(false);
    await acknowledge(outbox, 1);
    expect(await isDone(second)).toBe(true);
    expect(idsOf(await outbox.claim(LEASE))).toEqual(['d', 'e']);
  });

  it('refuses a list that can never fit', async () => {
    const { outbox } = await open({ capacity: 3, whenFull: 'wait' });
    await expect(
      append(outbox, events('a', 'b', 'c', 'd'), true),
    ).rejects.toThrow(/can never fit/);
    expect(await pending(outbox)).toBe(0);
  });

  it('ends a wait when its signal says so, and takes nothing of it', async () => {
    const { outbox } = await open({ capacity: 1, whenFull: 'wait' });
    await append(outbox, events('a'), true);
    const abort = new AbortController();
    const { signal } = abort;
    const late = outbox.append(events('b'), { wait: true, signal });
    const next = append(outbox, events('c'), true);
    abort.abort();
    await expect(late).rejects.toThrow(OdpTimeoutError);
    await expect(late).rejects.toThrow(/was not accepted/);
    await acknowledge(outbox, 1);
    expect(await isDone(next)).toBe(true);
    expect(idsOf(await outbox.claim(LEASE))).toEqual(['c']);
  });

  it('bounds what waits by its size', async () => {
    const { outbox } = await open({ capacity: 1, whenFull: 'wait' });
    await append(outbox, events('a'), true);
    const waiting = append(outbox, [event('b', 12_000_000)], true);
    await expect(
      append(outbox, [event('c', 12_000_000)], true),
    ).rejects.toThrow(OdpOutboxFullError);
    await acknowledge(outbox, 1);
    expect(await isDone(waiting)).toBe(true);
  });

  it('bounds what waits by its number', async () => {
    const { outbox } = await open({ capacity: 100_000, whenFull: 'wait' });
    const many = Array.from({ length: 100_000 }, (_, n) => event(`${n}`, 1));
    await append(outbox, many, true);
    const waiting = append(outbox, many, true);
    await expect(append(outbox, events('more'), true)).rejects.toThrow(
      /100000 events .* are already waiting for capacity/,
    );
    expect(await isDone(waiting)).toBe(false);
    await outbox.close();
    await expect(waiting).rejects.toThrow(OdpOutboxFullError);
  });

  it('rejects those who cannot wait', async () => {
    const { outbox } = await open({ capacity: 1, whenFull: 'wait' });
    await append(outbox, events('a'));
    await expect(append(outbox, events('b'))).rejects.toThrow(
      OdpOutboxFullError,
    );
  });

  it('rejects those who still wait when it is closed', async () => {
    const { outbox } = await open({ capacity: 2, whenFull: 'wait' });
    await append(outbox, events('a'), true);
    const waiting = append(outbox, events('b', 'c'), true);
    await outbox.close();
    await expect(waiting).rejects.toThrow(OdpOutboxFullError);
    await expect(waiting).rejects.toThrow(/2 events waited for capacity/);
  });
});
