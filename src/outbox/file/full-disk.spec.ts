import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { quietContext } from '../../../test/support/outboxes.js';
import { SmallDisk } from '../../../test/support/small-disk.js';
import type { OdpOutbox, OutboxEvent } from '../outbox.js';
import { fileOutbox } from './index.js';

const probe = SmallDisk.mount(1);
probe?.unmount();

let count = 0;
/** Of random text, which LevelDB cannot compress. */
const event = (): OutboxEvent => ({
  id: String(++count),
  payload: JSON.stringify({ text: randomBytes(3000).toString('base64') }),
  createdAt: 1,
});

async function fill(
  outbox: OdpOutbox,
): Promise<{ ids: string[]; error: unknown }> {
  const ids: string[] = [];
  for (;;) {
    const events = Array.from({ length: 10 }, event);
    try {
      await outbox.append(events);
    } catch (error) {
      return { ids, error };
    }
    ids.push(...events.map(({ id }) => id));
  }
}

async function drain(outbox: OdpOutbox): Promise<string[]> {
  const ids: string[] = [];
  for (;;) {
    const events = await outbox.claim({ limit: 50, lease: 60_000 });
    if (events.length === 0) return ids;
    ids.push(...events.map(({ id }) => id));
    await outbox.acknowledge(events);
  }
}

// Mounting a small disk needs root.
describe.skipIf(probe === undefined).each([6, 24])(
  'fileOutbox on a disk of %s MiB that its own events fill',
  (megabytes) => {
    let disk: SmallDisk;
    beforeEach(() => {
      disk = SmallDisk.mount(megabytes) as SmallDisk;
      return () => disk.unmount();
    });

    it('is full before the disk is, and drains and fills again and again', async () => {
      const path = join(disk.path, 'outbox');
      const outbox = fileOutbox({ path });
      await outbox.open(quietContext());
      let first: string[] = [];
      for (let round = 0; round < 4; round++) {
        const { ids, error } = await fill(outbox);
        expect(error).toMatchObject({ code: 'outboxFull' });
        // Later rounds may begin before all of the last one's space is free.
        expect(ids.length).toBeGreaterThan(round === 0 ? megabytes * 10 : 0);
        expect(await drain(outbox)).toEqual([...first, ...ids]);
        // Their space is freed in the background.
        const more = Array.from({ length: 100 }, event);
        first = more.map(({ id }) => id);
        await expect
          .poll(async () => {
            await outbox.append(more);
            return true;
          })
          .toBe(true);
      }
      await outbox.close();
    });

    it('sends nothing again after a restart', async () => {
      const path = join(disk.path, 'outbox');
      const outbox = fileOutbox({ path });
      await outbox.open(quietContext());
      await fill(outbox);
      await drain(outbox);
      await outbox.close();
      await outbox.open(quietContext());
      expect(await drain(outbox)).toEqual([]);
      await outbox.close();
    });
  },
);
