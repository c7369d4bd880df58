import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { anEvent, post, request, sandboxes } from './support.js';

describe('what a file keeps', () => {
  const start = sandboxes();
  let folder: string;
  let keep: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'odp-sandbox-keep-'));
    keep = join(folder, 'sandbox.jsonl');
  });
  afterEach(() => rm(folder, { recursive: true }));

  const known = anEvent('a', { email: 'e' }, { idempotence_id: 'one' });

  async function fill() {
    const sandbox = await start({ keep });
    await post(sandbox, [known, anEvent('b', { email: 'f' })]);
    await request(sandbox, '/v3/profiles', {
      body: { attributes: { email: 'e', city: 'Paris' } },
      headers: { 'x-api-key': 'secret-key' },
    });
    sandbox.setSegments({ email: 'f' }, ['vip']);
    return sandbox;
  }

  it('is there again after a restart, and counting goes on', async () => {
    const first = await fill();
    const seen = [first.events(), first.customers()];
    const requests = first.requests().map(({ id, body }) => ({ id, body }));
    await first.close();
    for (const _ of [1, 2]) {
      const sandbox = await start({ keep });
      expect([sandbox.events(), sandbox.customers()]).toEqual(seen);
      expect(sandbox.requests()).toMatchObject(requests);
      await sandbox.close();
    }
    const last = await start({ keep });
    const waiting = last.waitFor(3);
    await post(last, known);
    expect((await waiting).at(-1)).toMatchObject({
      seq: 3,
      requestId: 3,
      duplicateOf: 1,
    });
  });

  it('holds no keys', async () => {
    await (await fill()).close();
    expect(await readFile(keep, 'utf8')).not.toContain('secret-key');
  });

  it('knows what was cleared, and what was brought back', async () => {
    const first = await fill();
    const undo = (path: string) =>
      request(first, `/_sandbox/${path}`, { body: {} });
    await undo('clear');
    await undo('restore');
    await post(first, anEvent('c'));
    await first.close();
    const second = await start({ keep });
    expect(second.events().map(({ seq }) => seq)).toEqual([1, 2, 3]);
    second.reset();
    await second.close();
    const third = await start({ keep });
    expect(third.events()).toEqual([]);
    expect(third.customers()).toEqual([]);
    await post(third, known);
    expect(third.events()).toMatchObject([{ duplicate: false }]);
  });

  it('keeps no more than the sandbox does', async () => {
    const first = await fill();
    await post(first, [anEvent('c'), anEvent('d')]);
    await first.close();
    const second = await start({ keep, maxEvents: 2 });
    expect(second.events().map(({ seq }) => seq)).toEqual([3, 4]);
    await second.close();
    expect(await readFile(keep, 'utf8')).not.toContain('"action":"b"');
  });

  it('does without the half line that a crash left behind', async () => {
    await (await fill()).close();
    await appendFile(keep, '{"events":[{"seq":3,"rec');
    const sandbox = await start({ keep });
    expect(sandbox.events()).toHaveLength(2);
    await post(sandbox, anEvent('c'));
    await sandbox.close();
    expect((await start({ keep })).events()).toHaveLength(3);
  });

  it.each(['# notes\n', '{"name":"mine"}\n', '{"format":1}\n{"half\n{}\n'])(
    'leaves a file alone that reads %j',
    async (text) => {
      await writeFile(keep, text);
      await expect(start({ keep })).rejects.toMatchObject({
        code: 'invalidOption',
        message: expect.stringContaining(keep),
      });
      expect(await readFile(keep, 'utf8')).toBe(text);
    },
  );

  it('says that it cannot write there', async () => {
    await expect(start({ keep: join(folder, 'no', 'x') })).rejects.toThrow(
      'ENOENT',
    );
  });

  it('does not touch the file of a sandbox whose port is taken', async () => {
    const first = await fill();
    const port = Number(new URL(first.url).port);
    await expect(start({ keep, port })).rejects.toMatchObject({
      code: 'portTaken',
    });
    await post(first, anEvent('c'));
    await first.close();
    expect((await start({ keep })).events()).toHaveLength(3);
  });
});
