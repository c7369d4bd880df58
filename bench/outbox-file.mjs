// What the file outbox does on this machine and this disk:
//
//   npm run build && node bench/outbox-file.mjs [directory on the disk to measure]
//
// Every section runs in a process of its own. Events are about 280 bytes of JSON;
// the disk is really synced before an append resolves.
import { execFileSync, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const dist = process.env.ODP_DIST ?? new URL('../dist', import.meta.url).href;
const SECONDS = 4;
const BACKLOG = 1_000_000;
const here = fileURLToPath(import.meta.url);

// LevelDB compresses: half of it is noise, like the ids in real events.
const noise = randomBytes(75_000).toString('hex');
const noiseOf = (n) => {
  const start = (n * 151) % 149_000;
  return noise.slice(start, start + 150);
};
const payloadOf = (n) =>
  JSON.stringify({
    type: 'order',
    action: 'purchase',
    identifiers: { email: `customer-${n}@example.com` },
    data: { order_id: String(n), note: noiseOf(n) },
  });
let made = 0;
const makeEvent = () => {
  const n = ++made;
  return { id: `id-${n}`, payload: payloadOf(n), createdAt: Date.now() };
};

const context = quietContext({ now: Date.now, ready: () => {} });
async function opened(kind, path) {
  const { memoryOutbox } = await import(`${dist}/index.js`);
  const { fileOutbox } = await import(`${dist}/outbox/file/index.js`);
  const outbox =
    kind === 'memory'
      ? memoryOutbox({ capacity: BACKLOG * 2 })
      : fileOutbox({ path });
  await outbox.open(context);
  return outbox;
}

const rate = (count, ms) =>
  `${Math.round((count / ms) * 1000).toLocaleString('en')}/s`;
const megabytes = (bytes) => `${Math.round(bytes / 1024 / 1024)} MB`;
const sizeOf = (path) =>
  readdirSync(path).reduce((sum, name) => {
    return sum + statSync(join(path, name)).size;
  }, 0);
const percentile = (sorted, p) => sorted[Math.floor(sorted.length * p)];
const say = (...words) => console.log(...words);

/** So many senders, each awaiting its append before the next, for a while. */
async function send(outbox, senders, until) {
  const waits = [];
  const begin = performance.now();
  let count = 0;
  const sender = async () => {
    while (until(count, performance.now() - begin)) {
      count++;
      const start = performance.now();
      await outbox.append([makeEvent()]);
      if (count % 10 === 0) waits.push(performance.now() - start);
      // An outbox that answers at once must not keep the others out.
      if (count % 1000 === 0) await new Promise(setImmediate);
    }
  };
  await Promise.all(Array.from({ length: senders }, sender));
  const ms = performance.now() - begin;
  waits.sort((a, b) => a - b);
  return { count, ms, waits };
}

/** Claims and acknowledges by 100 until told to stop and nothing is left. */
async function deliver(outbox, size, done) {
  let count = 0;
  for (;;) {
    const stopping = done();
    const claimed = await outbox.claim({ limit: size, lease: 30_000 });
    count += await outbox.acknowledge(claimed);
    if (claimed.length > 0) {
      await new Promise(setImmediate);
    } else if (stopping) {
      return count;
    } else {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}

const sections = {
  async append(path, senders) {
    const outbox = await opened('file', path);
    await send(outbox, Number(senders), (_, ms) => ms < 500);
    const { count, ms, waits } = await send(
      outbox,
      Number(senders),
      (_, elapsed) => elapsed < SECONDS * 1000,
    );
    say(
      `append, ${senders} senders: ${rate(count, ms)}, p50 ${percentile(waits, 0.5).toFixed(2)} ms, p99 ${percentile(waits, 0.99).toFixed(2)} ms`,
    );
    await outbox.close();
  },

  async through(path, kind, senders) {
    const outbox = await opened(kind, path);
    let sending = true;
    const delivered = deliver(outbox, 100, () => !sending);
    const begin = performance.now();
    const { count } = await send(
      outbox,
      Number(senders),
      (_, elapsed) => elapsed < SECONDS * 1000,
    );
    sending = false;
    if ((await delivered) !== count) throw new Error('events were lost');
    say(
      `append, claim and acknowledge at once, ${senders} senders, ${kind} outbox: ${rate(count, performance.now() - begin)}`,
    );
    await outbox.close();
  },

  async fill(path) {
    const outbox = await opened('file', path);
    const before = process.memoryUsage().rss;
    const { count, ms } = await send(outbox, 1000, (sent) => sent < BACKLOG);
    const { pending } = await outbox.counts();
    globalThis.gc?.();
    say(
      `${pending.toLocaleString('en')} events appended by 1000 senders: ${rate(count, ms)}; memory ${megabytes(before)} -> ${megabytes(process.memoryUsage().rss)}, disk ${megabytes(sizeOf(path))}`,
    );
    // As a crash leaves it: nothing is closed.
    process.kill(process.pid, 'SIGKILL');
  },

  async recover(path) {
    const before = process.memoryUsage().rss;
    const start = performance.now();
    const outbox = await opened('file', path);
    const open = performance.now() - start;
    const { pending } = await outbox.counts();
    const claimed = await outbox.claim({ limit: 100, lease: 1 });
    say(
      `opened with ${pending.toLocaleString('en')} waiting after kill -9: ${open.toFixed(0)} ms, first 100 claimed ${(performance.now() - start).toFixed(0)} ms after the start; memory ${megabytes(before)} -> ${megabytes(process.memoryUsage().rss)}`,
    );
    await outbox.release(claimed, { delay: 0, failed: false });
    await outbox.close();
  },

  async drain(path) {
    const outbox = await opened('file', path);
    let peak = 0;
    const watch = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage().rss);
    }, 20);
    const before = sizeOf(path);
    const begin = performance.now();
    const count = await deliver(outbox, 100, () => true);
    const ms = performance.now() - begin;
    clearInterval(watch);
    await outbox.close();
    say(
      `${count.toLocaleString('en')} claimed and acknowledged by 100: ${rate(count, ms)}; memory at most ${megabytes(peak)}, disk ${megabytes(before)} -> ${megabytes(sizeOf(path))}`,
    );
  },

  async two(path) {
    const outbox = await opened('file', path);
    try {
      execFileSync(process.execPath, [here, 'second', path], {
        stdio: ['ignore', 'inherit', 'inherit'],
        env: process.env,
      });
    } finally {
      await outbox.close();
    }
  },

  async second(path) {
    await opened('file', path).then(
      () => say('a second process on one path: OPENED'),
      (error) => say(`a second process on one path: ${error.message}`),
    );
  },
};

const [section, ...options] = process.argv.slice(2);
if (section !== undefined && Object.hasOwn(sections, section)) {
  await sections[section](...options);
} else {
  const root = mkdtempSync(join(section ?? tmpdir(), 'odp-bench-'));
  const run = (name, path, ...more) =>
    new Promise((resolve, reject) => {
      fork(here, [name, join(root, path), ...more], {
        execArgv: ['--expose-gc'],
      }).on('exit', (code, signal) => {
        if (code === 0 || (name === 'fill' && signal === 'SIGKILL')) resolve();
        else reject(new Error(`${name} failed`));
      });
    });
  say(`Node ${process.version}, ${cpus().length} CPUs, ${root}`);
  try {
    for (const senders of ['1', '64', '1000']) {
      await run('append', `append-${senders}`, senders);
    }
    for (const senders of ['64', '1000']) {
      await run('through', `memory-${senders}`, 'memory', senders);
      await run('through', `file-${senders}`, 'file', senders);
    }
    await run('fill', 'backlog');
    await run('recover', 'backlog');
    await run('recover', 'backlog');
    await run('drain', 'backlog');
    await run('two', 'two');
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
