// node:sqlite beside classic-level, as a store that syncs each group commit
// before it answers: what is written, and how long the event loop stands still
// meanwhile. Run on Node 24 or newer: node bench/sqlite.mjs [directory]
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { ClassicLevel } from 'classic-level';
import { wireEventOf } from './event.mjs';

const SECONDS = Number(process.env.SECONDS ?? 2);
const root = mkdtempSync(join(process.argv[2] ?? tmpdir(), 'odp-bench-'));

/** Each opens a store that takes a group of payloads, one entry or row per event. */
const stores = {
  async 'classic-level'() {
    const level = new ClassicLevel(join(root, 'level'));
    let key = 0;
    return {
      write: (group) =>
        level.batch(
          group.map((value) => ({
            type: 'put',
            key: `${key++}`.padStart(12, '0'),
            value,
          })),
          { sync: true },
        ),
      close: () => level.close(),
    };
  },

  async 'node:sqlite'() {
    const { DatabaseSync } = await import('node:sqlite');
    const db = new DatabaseSync(join(root, 'events.db'));
    db.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE event (seq INTEGER PRIMARY KEY, payload TEXT)',
    );
    const insert = db.prepare('INSERT INTO event (payload) VALUES (?)');
    return {
      async write(group) {
        db.exec('BEGIN');
        for (const payload of group) insert.run(payload);
        db.exec('COMMIT');
      },
      close: () => db.close(),
    };
  },
};

/** Senders that each wait for their event; what they bring meanwhile is the next group. */
async function measure(name, senders) {
  const { write, close } = await stores[name]();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  let waiting = [];
  let writing = false;
  let count = 0;
  const work = async () => {
    writing = true;
    while (waiting.length > 0) {
      const group = waiting;
      waiting = [];
      await write(group.map(({ payload }) => payload));
      for (const { done } of group) done();
      // As requests have their turn between two writes.
      await new Promise(setImmediate);
    }
    writing = false;
  };
  const append = (payload) =>
    new Promise((done) => {
      waiting.push({ payload, done });
      if (!writing) void work();
    });
  delay.enable();
  const start = performance.now();
  const sender = async () => {
    while (performance.now() - start < SECONDS * 1000) {
      await append(JSON.stringify(wireEventOf(count)));
      count++;
    }
  };
  await Promise.all(Array.from({ length: senders }, sender));
  const seconds = (performance.now() - start) / 1000;
  delay.disable();
  await close();
  const ms = (nanoseconds) => (nanoseconds / 1e6).toFixed(1);
  console.log(
    `${name.padEnd(14)} ${`${senders}`.padStart(5)} senders ${Math.round(
      count / seconds,
    )
      .toLocaleString('en')
      .padStart(
        9,
      )}/s   event loop late: p99 ${ms(delay.percentile(99))} ms, most ${ms(delay.max)} ms`,
  );
}

console.log(`Node ${process.version}, ${root}`);
try {
  for (const senders of [1, 64, 1000]) {
    for (const name of Object.keys(stores)) {
      await measure(name, senders);
      rmSync(root, { recursive: true, force: true });
      mkdirSync(root);
    }
  }
} finally {
  rmSync(root, { recursive: true, force: true });
}
