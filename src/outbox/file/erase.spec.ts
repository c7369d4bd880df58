import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { quietContext } from '../../../test/support/outboxes.js';
import type { OdpOutbox, OutboxEvent } from '../outbox.js';
import { fileOutbox } from './index.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'odp-file-erase-'));
  return () => rmSync(root, { recursive: true });
});

// Random, and begun by what is nowhere else, so that compression leaves them as they are.
const ADA = `A${randomBytes(24).toString('base64url')}`;
const BOB = `Z${randomBytes(24).toString('base64url')}`;
const event = (id: string, email: string): OutboxEvent => ({
  id,
  payload: JSON.stringify({ action: 'seen', identifiers: { email } }),
  createdAt: 1,
});
const claim = async (outbox: OdpOutbox, limit = 1000) =>
  outbox.claim({ limit, lease: 60_000 });
const idsOf = (events: readonly { id: string }[]) => events.map(({ id }) => id);

/** Whether a file of the directory holds these bytes. */
const holds = (path: string, text: string) =>
  readdirSync(path).some((name) =>
    readFileSync(join(path, name)).includes(text),
  );

describe('what erase of a file outbox leaves in the directory', () => {
  it.each([
    ['waits', async () => {}],
    ['is claimed', async (outbox: OdpOutbox) => void (await claim(outbox, 2))],
    [
      'was delivered, as others of its chunk were not',
      async (outbox: OdpOutbox) => {
        const first = await claim(outbox, 1);
        await outbox.acknowledge(first);
      },
    ],
    [
      'was given up',
      async (outbox: OdpOutbox) => {
        const first = await claim(outbox, 1);
        await outbox.deadLetter(first, { reason: 'rejected', message: 'no' });
      },
    ],
  ])('is nothing of an event that %s', async (_, happens) => {
    const path = join(root, 'outbox');
    const outbox = fileOutbox({ path });
    await outbox.open(quietContext());
    await outbox.append([event('ada', ADA), event('bob', BOB)]);
    // Another chunk.
    await outbox.append([event('bob too', BOB), event('ada too', ADA)]);
    await happens(outbox);
    expect(holds(path, ADA)).toBe(true);
    await outbox.erase({ email: ADA });
    await outbox.close();
    expect(holds(path, ADA)).toBe(false);
    expect(holds(path, BOB)).toBe(true);
    await outbox.open(quietContext());
    expect((await outbox.counts()).pending).toBe(2);
    expect(idsOf(await claim(outbox))).toEqual(['bob', 'bob too']);
    await outbox.close();
  });

  it('is nothing of events that an earlier run left, behind what is in memory', async () => {
    const path = join(root, 'outbox');
    const outbox = fileOutbox({ path });
    await outbox.open(quietContext());
    for (let part = 0; part < 45; part++) {
      const large = { ...event(`large ${part}`, BOB) };
      await outbox.append([
        event(`ada ${part}`, ADA),
        { ...large, payload: large.payload + ' '.repeat(1_000_000) },
      ]);
    }
    await outbox.close();
    await outbox.open(quietContext());
    const erasing = outbox.erase({ email: ADA });
    const delivering = (async () => {
      const some = await claim(outbox, 20);
      await outbox.acknowledge(some);
      return some;
    })();
    await erasing;
    await delivering;
    await outbox.close();
    expect(holds(path, ADA)).toBe(false);
    await outbox.open(quietContext());
    const left = await claim(outbox);
    expect(left.every(({ payload }) => payload.includes(BOB))).toBe(true);
    await outbox.close();
  });
});
