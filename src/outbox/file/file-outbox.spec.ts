import type { DeadLetterRetention } from '../outbox.js';
import { quietContext } from '../../../test/support/outboxes.js';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkAgainstModel } from '../../../test/support/outbox-model.js';
import {
  OdpConfigurationError,
  OdpOutboxError,
  OdpOutboxFullError,
} from '../../errors/index.js';
import { outboxContract } from '../../testing/index.js';
import type { OdpOutbox, OutboxEvent } from '../outbox.js';
import { fileOutbox, type FileOutboxOptions } from './index.js';

let root: string;
let made = 0;
const newPath = () => join(root, String(++made));
const lastPath = () => join(root, String(made));

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'odp-file-outbox-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const MEBIBYTE = 1024 * 1024;
const event = (id: string, size = 10): OutboxEvent => ({
  id,
  payload: `${id}:${'x'.repeat(size)}`,
  createdAt: 1,
});
const events = (count: number, size?: number) =>
  Array.from({ length: count }, (_, index) => event(`e${index}`, size));
const idsOf = (list: readonly { id: string }[]) => list.map(({ id }) => id);
const rejection = { reason: 'rejected', message: 'no' } as const;

async function open(
  path = newPath(),
  options: Partial<FileOutboxOptions> = {},
) {
  const outbox = fileOutbox({ ...options, path });
  const ready = { times: 0 };
  await outbox.open(quietContext({ now: () => 1, ready: () => ready.times++ }));
  return { outbox, ready, path };
}

/** An append as a promise, even if the outbox throws at once. */
const append = async (outbox: OdpOutbox, list: readonly OutboxEvent[]) =>
  outbox.append(list);
const claim = async (outbox: OdpOutbox, limit: number, lease = 1000) =>
  outbox.claim({ limit, lease });

/** Uses the directory of a closed outbox as plain LevelDB. */
async function withLevel<T>(
  path: string,
  use: (db: ClassicLevel) => Promise<T>,
): Promise<T> {
  const db = new ClassicLevel(path);
  try {
    return await use(db);
  } finally {
    await db.close();
  }
}

async function sizeOnDisk(path: string): Promise<number> {
  let sum = 0;
  for (const name of await readdir(path)) {
    // The store may have done with a file meanwhile.
    const file = await stat(join(path, name)).catch(() => undefined);
    sum += file?.size ?? 0;
  }
  return sum;
}

describe('fileOutbox keeps the contract of outboxes', () => {
  for (const { name, run } of outboxContract({
    create: () => fileOutbox({ path: newPath() }),
    reopen: () => fileOutbox({ path: lastPath() }),
  })) {
    it(name, run);
  }

  it('whatever is done with it, in whatever order, closed and opened in between', async () => {
    await checkAgainstModel({
      runs: 25,
      create: () => fileOutbox({ path: newPath() }),
      reopen: () => fileOutbox({ path: lastPath() }),
    });
  });
});

describe('fileOutbox', () => {
  it('reports all invalid options at once', () => {
    const options = { path: ' ', capacity: 0.5 };
    const make = () => fileOutbox(options);
    expect(make).toThrow(OdpConfigurationError);
    expect(make).toThrow(/fileOutbox\.path.*fileOutbox\.capacity/);
  });

  it('says what it is and what its events survive', () => {
    const { name, durability } = fileOutbox({ path: './odp-outbox' });
    expect(name).toBe('file ./odp-outbox');
    expect(durability).toBe('machine');
  });

  it('makes its directory, with those above it', async () => {
    const { outbox, path } = await open(join(newPath(), 'deep', 'outbox'));
    await outbox.append(events(1));
    await outbox.close();
    expect((await stat(path)).isDirectory()).toBe(true);
  });

  it('joins no transaction', async () => {
    const { outbox } = await open();
    await expect(outbox.append(events(1), { transaction: {} })).rejects.toThrow(
      /postgresOutbox/,
    );
    expect((await outbox.counts()).pending).toBe(0);
    await outbox.close();
  });

  it('says so if it is used before it is open or after it was closed', async () => {
    const closed = /is not open/;
    const outbox = fileOutbox({ path: newPath() });
    await expect(append(outbox, events(1))).rejects.toThrow(closed);
    await outbox.open(quietContext({ now: () => 1, ready: () => {} }));
    await outbox.append(events(1));
    const claimed = await claim(outbox, 1);
    await outbox.close();
    await outbox.close();
    await expect(append(outbox, events(1))).rejects.toThrow(OdpOutboxError);
    await expect(claim(outbox, 1)).rejects.toThrow(closed);
    await expect((async () => outbox.acknowledge(claimed))()).rejects.toThrow(
      closed,
    );
  });

  it('stores what was appended before it was closed, awaited or not', async () => {
    const { outbox, path } = await open();
    const appends = events(50).map((one) => append(outbox, [one]));
    await Promise.all([outbox.close(), ...appends]);
    const next = await open(path);
    expect((await next.outbox.counts()).pending).toBe(50);
    await next.outbox.close();
  });

  it('stores what arrives together as one entry', async () => {
    const { outbox, path } = await open();
    await Promise.all(events(200).map((one) => append(outbox, [one])));
    await outbox.close();
    const keys = await withLevel(path, (db) =>
      db.keys({ gte: 'body!', lt: 'body"' }).all(),
    );
    expect(keys).toHaveLength(1);
  });

  it('announces requeued events', async () => {
    const { outbox, ready } = await open();
    await outbox.append(events(2));
    await outbox.deadLetter(await claim(outbox, 2), rejection);
    expect(await outbox.requeue({ ids: ['none'] })).toBe(0);
    expect(ready.times).toBe(0);
    expect(await outbox.requeue({})).toBe(2);
    expect(ready.times).toBe(1);
    await outbox.close();
  });

  it('does not deliver again, after a clean stop, what was acknowledged out of a chunk', async () => {
    const { outbox, path } = await open();
    await outbox.append(events(10));
    const claimed = await claim(outbox, 10);
    await outbox.acknowledge(claimed.filter((_, index) => index % 3 === 0));
    await outbox.close();
    const { outbox: next } = await open(path);
    expect(idsOf(await claim(next, 10))).toEqual([
      'e1',
      'e2',
      'e4',
      'e5',
      'e7',
      'e8',
    ]);
    await next.close();
  });

  it('gives the disk back when events are delivered', async () => {
    const { outbox, path } = await open();
    const random = Array.from({ length: 300_000 }, () =>
      Math.random().toString(36).slice(2),
    ).join('');
    for (let index = 0; index < 10; index++) {
      await outbox.append([
        { id: `e${index}`, payload: `${index}${random}`, createdAt: 1 },
      ]);
    }
    expect(await sizeOnDisk(path)).toBeGreaterThan(10 * MEBIBYTE);
    await outbox.acknowledge(await claim(outbox, 10));
    await outbox.close();
    expect(await sizeOnDisk(path)).toBeLessThan(MEBIBYTE);
  });

  it('keeps of the dead letters the newest, by count, bytes and age', async () => {
    let now = 1;
    const start = async (retention: Partial<DeadLetterRetention>) => {
      const outbox = fileOutbox({ path: newPath() });
      const { deadLetterRetention } = quietContext();
      await outbox.open(
        quietContext({
          now: () => now,
          deadLetterRetention: { ...deadLetterRetention, ...retention },
        }),
      );
      return outbox;
    };
    for (const retention of [
      { maxCount: 2 },
      { maxBytes: 2 * Buffer.byteLength(event('x').payload) },
      { maxAge: 2 },
    ]) {
      now = 1;
      const outbox = await start(retention);
      for (const id of ['a', 'b', 'c']) {
        await outbox.append([event(id)]);
        await outbox.deadLetter(await claim(outbox, 1), rejection);
        now += 2;
      }
      expect(
        idsOf(await outbox.deadLetters({}, { limit: 9 })),
        JSON.stringify(retention),
      ).toEqual(['b', 'c']);
      expect((await outbox.counts()).deadLetters).toBe(2);
      await outbox.close();
    }
  });

  it('reads on while a few events of large chunks are delayed for long', async () => {
    const { outbox } = await open();
    const large = Array.from({ length: 40 }, (_, index) => ({
      ...event(`large-${index}`),
      payload: JSON.stringify({ text: 'x'.repeat(1_000_000) }),
    }));
    const good = Array.from({ length: 513 }, (_, index) => event(`g${index}`));
    await outbox.append(large);
    await outbox.append(good);
    const claimed: string[] = [];
    for (;;) {
      const batch = await claim(outbox, 50);
      if (batch.length === 0) break;
      const delayed = batch.filter(({ id }) => id.startsWith('large-'));
      await outbox.release(delayed.slice(0, 1), { delay: 1e9, failed: true });
      await outbox.acknowledge(batch);
      claimed.push(...idsOf(batch));
    }
    expect(claimed).toHaveLength(553);
    await outbox.close();
  });

  it('requeues more than goes into one write, as far as there is capacity, each once', async () => {
    const { outbox, path } = await open(newPath(), { capacity: 1200 });
    await outbox.append(events(1200));
    await outbox.deadLetter(await claim(outbox, 1200), rejection);
    await outbox.append([event('other')]);
    const [one, two] = await Promise.all([
      outbox.requeue({}),
      outbox.requeue({}),
    ]);
    expect(one + two).toBe(1199);
    expect(idsOf(await outbox.deadLetters({}, { limit: 9 }))).toEqual([
      'e1199',
    ]);
    const claimed = await claim(outbox, 2000);
    expect(new Set(idsOf(claimed)).size).toBe(1200);
    expect(claimed).toHaveLength(1200);
    await outbox.close();
    const { outbox: next } = await open(path);
    const { pending, deadLetters } = await next.counts();
    expect({ pending, deadLetters }).toEqual({ pending: 1200, deadLetters: 1 });
    await next.close();
  });
});

describe('fileOutbox that is full', () => {
  it('refuses a list that does not fit, whole, until events are delivered', async () => {
    const { outbox } = await open(newPath(), { capacity: 3 });
    await outbox.append(events(2));
    await expect(append(outbox, events(2))).rejects.toThrow(OdpOutboxFullError);
    expect((await outbox.counts()).pending).toBe(2);
    await outbox.acknowledge(await claim(outbox, 1));
    await outbox.append(events(2));
    expect((await outbox.counts()).pending).toBe(3);
    await outbox.close();
  });

  it('counts what is on its way to the disk', async () => {
    const { outbox } = await open(newPath(), { capacity: 3 });
    const outcomes = await Promise.allSettled(
      events(5).map((one) => append(outbox, [one])),
    );
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'rejected',
      'rejected',
    ]);
    await outbox.close();
  });

  it('remembers how full it is when it is opened again', async () => {
    const { outbox, path } = await open();
    await outbox.append(events(3));
    await outbox.acknowledge(await claim(outbox, 1));
    await outbox.close();
    const { outbox: next } = await open(path, { capacity: 3 });
    await next.append(events(1));
    await expect(append(next, events(1))).rejects.toThrow(OdpOutboxFullError);
    await next.close();
  });

  it('is full sooner if events are large: 64 MiB at least, else 1 KiB each', async () => {
    const { outbox } = await open(newPath(), { capacity: 1000 });
    const large = (id: string) => event(id, 15 * MEBIBYTE);
    for (const id of ['a', 'b', 'c', 'd']) await outbox.append([large(id)]);
    await expect(append(outbox, [large('e')])).rejects.toThrow(
      OdpOutboxFullError,
    );
    await outbox.acknowledge(await claim(outbox, 1));
    // What is delivered is deleted with the next write.
    await outbox.append([event('small')]);
    await outbox.append([large('e')]);
    await outbox.close();
  });

  it('takes no more into memory than it can store soon', async () => {
    const { outbox } = await open();
    const outcomes = await Promise.allSettled(
      ['a', 'b', 'c', 'd', 'e', 'f'].map((id) =>
        append(outbox, [event(id, 14 * MEBIBYTE)]),
      ),
    );
    const refused = outcomes.filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(2);
    expect(refused).toMatchObject([
      { reason: { code: 'outboxFull' } },
      { reason: { message: expect.stringMatching(/^The disk is slower/) } },
    ]);
    await outbox.close();
  });
});

describe('fileOutbox with more events than it keeps in memory', () => {
  it('hands them all out, in order, once', async () => {
    const { outbox, path } = await open();
    const all = events(80, MEBIBYTE);
    for (const one of all) await outbox.append([one]);
    const handedOut: string[] = [];
    const claimHalf = async (from: OdpOutbox) => {
      while (handedOut.length % 40 !== 0 || handedOut.length === 0) {
        const claimed = await claim(from, 8);
        for (const { id, payload } of claimed) {
          expect(payload).toHaveLength(MEBIBYTE + id.length + 1);
        }
        handedOut.push(...idsOf(claimed));
        await from.acknowledge(claimed);
      }
    };
    await claimHalf(outbox);
    await outbox.close();
    const { outbox: next } = await open(path);
    expect((await next.counts()).pending).toBe(40);
    handedOut.push(...idsOf(await claim(next, 8)));
    await claimHalf(next);
    expect(handedOut).toEqual(idsOf(all));
    await next.close();
  });

  it('appends behind what is on the disk only', async () => {
    const { outbox } = await open();
    const before = events(40, MEBIBYTE);
    for (const one of before) await outbox.append([one]);
    const handedOut = idsOf(await claim(outbox, 5));
    const after = [event('after-1'), event('after-2')];
    for (const one of after) await outbox.append([one]);
    for (;;) {
      const claimed = await claim(outbox, 5);
      if (claimed.length === 0) break;
      handedOut.push(...idsOf(claimed));
      await outbox.acknowledge(claimed);
    }
    // The first five are still held, and everything else went past them.
    expect(handedOut).toEqual(idsOf([...before, ...after]));
    expect((await outbox.counts()).pending).toBe(5);
    await outbox.close();
  });

  it('hands out no more than fits into memory, and reports when there is capacity again', async () => {
    const { outbox, ready } = await open();
    for (const one of events(50, MEBIBYTE)) await outbox.append([one]);
    const held = await claim(outbox, 50);
    expect(held.length).toBeGreaterThan(30);
    expect(held.length).toBeLessThan(50);
    expect(await claim(outbox, 50)).toHaveLength(0);
    await outbox.acknowledge(held);
    // The deletion goes along with this write.
    await outbox.append([event('last')]);
    expect(ready.times).toBe(1);
    const rest = await claim(outbox, 50);
    expect(idsOf(rest).at(-1)).toBe('last');
    expect(held.length + rest.length).toBe(51);
    await outbox.close();
  });

  it('knows the oldest event that is on the disk only', async () => {
    const { outbox, path } = await open();
    await outbox.append(events(3));
    await outbox.close();
    const { outbox: next } = await open(path);
    expect(await next.counts()).toEqual({
      pending: 3,
      oldestAge: 0,
      deadLetters: 0,
    });
    await next.close();
  });
});

describe('the format of fileOutbox', () => {
  it('refuses what a newer version wrote, and leaves it as it is', async () => {
    const path = newPath();
    await withLevel(path, (db) => db.put('format', '2'));
    await expect(open(path)).rejects.toThrow(OdpOutboxError);
    await expect(open(path)).rejects.toThrow(/newer version.*format 2/);
    const entries = await withLevel(path, (db) => db.iterator().all());
    expect(entries).toEqual([['format', '2']]);
  });

  it('refuses a LevelDB directory of something else', async () => {
    const path = newPath();
    await withLevel(path, (db) => db.put('user:1', 'someone'));
    await expect(open(path)).rejects.toThrow(/not one of fileOutbox/);
  });
});
