import { quietContext } from '../../../test/support/outboxes.js';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SmallDisk } from '../../../test/support/small-disk.js';
import { OdpOutboxError } from '../../errors/index.js';
import type { OdpOutbox, OutboxEvent } from '../outbox.js';
import { fileOutbox } from './index.js';

let root: string;
const clock = { now: 1 };

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'odp-file-outbox-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const context = quietContext({ now: () => clock.now, ready: () => {} });
async function open(path: string): Promise<OdpOutbox> {
  const outbox = fileOutbox({ path });
  await outbox.open(context);
  return outbox;
}

const event = (id: string): OutboxEvent => ({
  id,
  payload: JSON.stringify({ id }),
  createdAt: 1,
});
const append = async (outbox: OdpOutbox, ...ids: string[]) =>
  outbox.append(ids.map(event));
const claim = async (outbox: OdpOutbox, limit = 1000) =>
  outbox.claim({ limit, lease: 1000 });
/** An event that fits into no half-used block of a full disk. */
const refused = async (outbox: OdpOutbox) =>
  outbox.append([{ ...event('refused'), payload: 'x'.repeat(10_000) }]);
const idsOf = (list: readonly { id: string }[]) => list.map(({ id }) => id);

/** The `OdpOutboxError` that it fails with. */
async function failureOf(work: Promise<unknown>): Promise<OdpOutboxError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(OdpOutboxError);
  return error as OdpOutboxError;
}

describe('a path of fileOutbox that cannot be opened', () => {
  it('is in use by another outbox of this process', async () => {
    const path = join(root, 'twice');
    const outbox = await open(path);
    const { message } = await failureOf(open(path));
    expect(message).toMatch(/in use by another.*own path.*redisOutbox/);
    expect(message).toContain(path);
    await append(outbox, 'a');
    await outbox.close();
    const next = await open(path);
    expect(idsOf(await claim(next))).toEqual(['a']);
    await next.close();
  });

  it('is in use by another process, and free when that is killed', async () => {
    const path = join(root, 'other-process');
    const level = createRequire(import.meta.url).resolve('classic-level');
    const script = `
      const { ClassicLevel } = require(${JSON.stringify(level)});
      const db = new ClassicLevel(${JSON.stringify(path)});
      db.open().then(() => { console.log('open'); setInterval(() => {}, 1e6); });`;
    const child = spawn(process.execPath, ['-e', script]);
    try {
      await once(child.stdout, 'data');
      const { message } = await failureOf(open(path));
      expect(message).toMatch(/in use by another process/);
    } finally {
      child.kill('SIGKILL');
      await once(child, 'close');
    }
    await (await open(path)).close();
  });

  it('can be tried again with the same outbox', async () => {
    const path = join(root, 'again');
    const first = await open(path);
    const second = fileOutbox({ path });
    await failureOf((async () => second.open(context))());
    await first.close();
    await second.open(context);
    await append(second, 'a');
    expect((await second.counts()).pending).toBe(1);
    await second.close();
  });

  it('is a file, or stands under one', async () => {
    const file = join(root, 'file');
    await writeFile(file, '');
    for (const path of [file, join(file, 'under')]) {
      const { message } = await failureOf(open(path));
      expect(message).toMatch(/is not a directory.*Choose another path/);
    }
  });

  it('serves another account already', async () => {
    const outbox = await open(join(root, 'account'));
    const { message } = await failureOf((async () => outbox.open(context))());
    expect(message).toMatch(/already serves an account/);
    await outbox.close();
  });

  it('is damaged: a file of it is missing', async () => {
    const path = join(root, 'damaged');
    for (const id of ['a', 'b']) {
      const outbox = await open(path);
      await append(outbox, id);
      await outbox.close();
    }
    for (const name of await readdir(path)) {
      if (name.endsWith('.ldb')) await rm(join(path, name));
    }
    const { message } = await failureOf(open(path));
    expect(message).toMatch(/is damaged.*repair/);
  });
});

describe('a directory of fileOutbox that disappears while the app runs', () => {
  it.each(['deleted', 'moved', 'replaced'])(
    'is %s: nothing more is accepted, and what is there is delivered',
    async (how) => {
      const path = join(root, `gone-${how}`);
      const warnings: string[] = [];
      const outbox = fileOutbox({ path });
      await outbox.open({
        ...context,
        warn: (message) => void warnings.push(message),
      });
      await append(outbox, 'a');
      if (how === 'deleted') await rm(path, { recursive: true });
      else await rename(path, `${path}-elsewhere`);
      if (how === 'replaced') {
        await cp(`${path}-elsewhere`, path, { recursive: true });
      }
      // The directory is looked at once a second.
      clock.now += 1000;
      for (let time = 0; time < 2; time++) {
        const { message } = await failureOf(append(outbox, 'b'));
        expect(message).toMatch(/was deleted, moved or replaced.*restart/);
        expect(warnings).toEqual([message]);
      }
      await failureOf((async () => outbox.counts())());
      const claimed = await claim(outbox);
      expect(idsOf(claimed)).toEqual(['a']);
      expect(await outbox.acknowledge(claimed)).toBe(1);
      await outbox.close();
    },
  );

  it('is used again once it is put back', async () => {
    const path = join(root, 'put-back');
    const outbox = await open(path);
    await append(outbox, 'a');
    await rename(path, `${path}-elsewhere`);
    clock.now += 1000;
    await failureOf(append(outbox, 'b'));
    await rename(`${path}-elsewhere`, path);
    await append(outbox, 'c');
    expect((await outbox.counts()).pending).toBe(2);
    await outbox.close();
    const next = await open(path);
    expect(idsOf(await claim(next))).toEqual(['a', 'c']);
    await next.close();
  });
});

it('fileOutbox says that it is damaged if events are missing, and still takes new ones', async () => {
  const path = join(root, 'hole');
  const outbox = await open(path);
  await append(outbox, 'a');
  await outbox.close();
  const db = new ClassicLevel(path);
  await db.del('body!0000000000000001');
  await db.close();
  const next = await open(path);
  const { message } = await failureOf(claim(next));
  expect(message).toMatch(/is damaged/);
  await append(next, 'b');
  await next.close();
});

const disk = SmallDisk.mount(24);
afterAll(() => disk?.unmount());

// Mounting a small disk needs root.
describe.skipIf(disk === undefined)('fileOutbox on a disk that fails', () => {
  const small = disk as SmallDisk;
  let count = 0;
  const newPath = () => join(small.path, `outbox-${++count}`);
  afterEach(() => {
    small.makeWritable();
    small.free();
  });

  it('rejects while the disk is full, and goes on by itself when there is space', async () => {
    const path = newPath();
    const outbox = await open(path);
    await append(outbox, 'a', 'b');
    small.fill();
    const { message } = await failureOf(refused(outbox));
    expect(message).toMatch(/No space is left.*as soon as there is space/);
    // More than one attempt fails, for many callers at once, too.
    const failed = await Promise.allSettled([
      append(outbox, 'x'),
      append(outbox, 'y'),
    ]);
    expect(failed.map(({ status }) => status)).toEqual([
      'rejected',
      'rejected',
    ]);
    expect((await outbox.counts()).pending).toBe(2);
    // What it has is delivered meanwhile.
    expect(await outbox.acknowledge(await claim(outbox, 1))).toBe(1);
    await failureOf(refused(outbox));

    small.free();
    await append(outbox, 'c');
    expect(idsOf(await claim(outbox))).toEqual(['b', 'c']);
    await outbox.close();

    const next = await open(path);
    expect(idsOf(await claim(next))).toEqual(['b', 'c']);
    await next.close();
  });

  it('keeps an event claimed that it could not dead-letter, until its lease expires', async () => {
    const outbox = await open(newPath());
    await append(outbox, 'a');
    const claimed = await claim(outbox);
    small.fill();
    await failureOf(refused(outbox));
    const deadLetter = async () =>
      outbox.deadLetter(claimed, { reason: 'rejected', message: 'no' });
    await failureOf(deadLetter());
    expect(await outbox.counts()).toMatchObject({ pending: 1, deadLetters: 0 });
    expect(await claim(outbox)).toHaveLength(0);
    clock.now += 1001;
    expect(idsOf(await claim(outbox))).toEqual(['a']);
    expect(await deadLetter()).toBe(0);
    clock.now += 1001;
    small.free();
    const again = await claim(outbox);
    expect(
      await outbox.deadLetter(again, { reason: 'rejected', message: 'no' }),
    ).toBe(1);
    expect(await outbox.counts()).toMatchObject({ pending: 0, deadLetters: 1 });
    await outbox.close();
  });

  it('does not forget an event that it could not deadLetter', async () => {
    const path = newPath();
    const outbox = await open(path);
    await append(outbox, 'a');
    const claimed = await claim(outbox);
    small.fill();
    await failureOf(refused(outbox));
    await failureOf(
      (async () =>
        outbox.deadLetter(claimed, { reason: 'rejected', message: '' }))(),
    );
    small.free();
    await append(outbox, 'b');
    await outbox.close();
    const next = await open(path);
    expect(idsOf(await claim(next))).toEqual(['a', 'b']);
    await next.close();
  });

  it('does not bring back what it refused', async () => {
    const path = newPath();
    const outbox = await open(path);
    await append(outbox, 'before');
    small.fill();
    await failureOf(refused(outbox));
    small.free();
    await append(outbox, 'accepted');
    await outbox.close();
    const next = await open(path);
    expect(idsOf(await claim(next))).toEqual(['before', 'accepted']);
    await next.close();
  });

  it('cannot be opened while the disk is read-only, and says so', async () => {
    const path = newPath();
    const outbox = await open(path);
    await append(outbox, 'a');
    await outbox.close();
    small.makeReadOnly();
    // One that is there, and two that would have to be made.
    for (const wanted of [path, newPath(), join(newPath(), 'under')]) {
      const { message } = await failureOf(open(wanted));
      expect(message).toMatch(/cannot be written: it is read-only.*Make it/);
    }
    small.makeWritable();
    const next = await open(path);
    expect(idsOf(await claim(next))).toEqual(['a']);
    await next.close();
  });
});
