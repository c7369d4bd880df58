import { quietContext } from '../support/outboxes.js';
// A process to be killed: appends events, claims and acknowledges some, until
// it is. Writes what it did into a log file at once, as that outlives it:
//
//   +<id>   append has resolved for this event
//   -<id>   this event is about to be acknowledged
//
//   node --import ./test/support/typescript.mjs test/chaos/file-outbox-child.ts <path> <log> <prefix>
import { openSync, writeSync } from 'node:fs';
import { fileOutbox } from '../../src/outbox/file/index.js';

const SENDERS = 16;

async function main(path: string, log: string, prefix: string): Promise<void> {
  const file = openSync(log, 'a');
  const note = (lines: readonly string[]) => {
    if (lines.length > 0) writeSync(file, `${lines.join('\n')}\n`);
  };
  const outbox = fileOutbox({ path });
  await outbox.open(quietContext({ now: Date.now, ready: () => {} }));

  let made = 0;
  const send = async () => {
    for (;;) {
      const size = 1 + (made % 5 === 0 ? 2 : 0);
      const events = Array.from({ length: size }, () => {
        const id = `${prefix}-${made++}`;
        const payload = JSON.stringify({ id, note: 'x'.repeat(200) });
        return { id, payload, createdAt: Date.now() };
      });
      await outbox.append(events);
      note(events.map(({ id }) => `+${id}`));
    }
  };
  const deliver = async () => {
    for (;;) {
      const claimed = await outbox.claim({ limit: 20, lease: 60_000 });
      // Some fail and are tried again, some are never answered.
      await outbox.release(claimed.slice(10, 12), { delay: 1, failed: true });
      note(claimed.slice(0, 10).map(({ id }) => `-${id}`));
      await outbox.acknowledge(claimed.slice(0, 10));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  };
  process.stdout.write('open\n');
  await Promise.all([...Array.from({ length: SENDERS }, send), deliver()]);
}

const [path = '', log = '', prefix = ''] = process.argv.slice(2);
void main(path, log, prefix);
