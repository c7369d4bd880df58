import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { outboxContract } from '../../testing/index.js';
import { fileOutbox } from './index.js';

let root: string;
let count = 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'odp-file-outbox-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe('fileOutbox keeps the contract of outboxes', () => {
  for (const { name, run } of outboxContract({
    create: () => fileOutbox({ path: join(root, String(++count)) }),
    reopen: () => fileOutbox({ path: join(root, String(count)) }),
  })) {
    it(name, run);
  }
});
