// What the measured processes share: the sink that they talk to, a meter, and
// how they hand back what they measured.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

/** What this run was asked for. */
export const options = JSON.parse(process.argv[2] ?? '{}');

/** Hands the figures to `run.mjs` and ends: nothing is left to wait for. */
export function report(figures) {
  process.stdout.write(`${JSON.stringify(figures)}\n`, () => process.exit());
}

export async function startSink() {
  const child = fork(new URL('sink.mjs', import.meta.url));
  const ask = async (order) => {
    child.send(order);
    return (await once(child, 'message'))[0];
  };
  const [{ port }] = await once(child, 'message');
  const sink = {
    url: `http://127.0.0.1:${port}`,
    /** Totals so far: events, requests, bytes, and when the last one came. */
    stats: () => ask('stats'),
    refuse: () => ask('refuse'),
    accept: () => ask('accept'),
    /** Waits for so many events in all, or until nothing has come for `patience` ms. */
    async has(events, patience = 3000) {
      for (;;) {
        const stats = await sink.stats();
        const idle = Date.now() - stats.last;
        if (stats.events >= events || (stats.last > 0 && idle > patience)) {
          return stats;
        }
        await sleep(20);
      }
    },
  };
  return sink;
}

/** CPU (user and system) of this process in µs, from now on. */
export function startCpu() {
  const start = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(start);
    return user + system;
  };
}

/** Lets I/O happen, as between the requests of a server. */
export const turn = () =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

export const percentile = (values, p) =>
  values.toSorted((a, b) => a - b)[
    Math.min(Math.floor(values.length * p), values.length - 1)
  ];

export const MB = 1024 * 1024;
