import { quietContext } from '../support/outboxes.js';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { OdpOutbox } from '../../src/outbox/outbox.js';
import { fileOutbox } from '../../src/outbox/file/index.js';

const ROUNDS = Number(process.env.ODP_KILL_ROUNDS ?? 3);
const rootDir = join(import.meta.dirname, '..', '..');

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'odp-durability-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const script = (path: string) => join(rootDir, 'test', path);

/** Starts the child; resolves once its outbox is open. */
async function start(...options: string[]): Promise<ChildProcess> {
  const child = spawn(
    process.execPath,
    [
      '--import',
      script('support/typescript.mjs'),
      script('chaos/file-outbox-child.ts'),
      ...options,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const opened = await Promise.race([
    once(child.stdout, 'data').then(() => true),
    once(child, 'exit').then(() => false),
  ]);
  expect(opened).toBe(true);
  return child;
}

/** Everything that can be claimed. */
async function pendingOf(outbox: OdpOutbox): Promise<string[]> {
  const ids: string[] = [];
  for (;;) {
    const claimed = await outbox.claim({ limit: 5000, lease: 600_000 });
    if (claimed.length === 0) return ids;
    ids.push(...claimed.map(({ id }) => id));
  }
}

it(`loses no event that was accepted, killed ${ROUNDS} times at random`, async () => {
  const path = join(root, 'outbox');
  const log = join(root, 'log');
  for (let round = 0; round < ROUNDS; round++) {
    const child = await start(path, log, `round-${round}`);
    const killedAt = Math.random() * 300;
    await new Promise((resolve) => setTimeout(resolve, killedAt));
    child.kill('SIGKILL');
    await once(child, 'close');

    const lines = (await readFile(log, 'utf8')).split('\n');
    const accepted = new Set<string>();
    const acknowledged = new Set<string>();
    for (const line of lines) {
      if (line.startsWith('+')) accepted.add(line.slice(1));
      if (line.startsWith('-')) acknowledged.add(line.slice(1));
    }
    const outbox = fileOutbox({ path });
    await outbox.open(quietContext({ now: Date.now, ready: () => {} }));
    const { pending } = await outbox.counts();
    const found = await pendingOf(outbox);
    await outbox.close();

    const left = new Set(found);
    const lost = [...accepted].filter(
      (id) => !left.has(id) && !acknowledged.has(id),
    );
    const when = `killed ${killedAt.toFixed(1)} ms after it was open`;
    expect(lost, when).toEqual([]);
    expect(left.size, 'no event is stored twice').toBe(found.length);
    expect(pending, 'it counts what can be claimed').toBe(found.length);
  }
  expect((await readFile(log, 'utf8')).length).toBeGreaterThan(0);
}, 600_000);
