// What the measured processes share: the sink that they talk to, a meter, and
// how they hand back what they measured.
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { globalAgent as httpsAgent } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** What this run was asked for. */
export const options = JSON.parse(process.argv[2] ?? '{}');

/** Hands the figures to `run.mjs` and ends: nothing is left to wait for. */
export function report(figures) {
  process.stdout.write(`${JSON.stringify(figures)}\n`, () => process.exit());
}

/** ms on the machine's monotonic clock, which all processes share. */
export const clock = () => Number(process.hrtime.bigint()) / 1e6;

/** Over a line of `delay` ms, by TLS or not; see `sink.mjs`. */
export async function startSink({ delay, tls = false } = options) {
  const settings = { delay, tls: tls ? certificate() : undefined };
  const child = fork(new URL('sink.mjs', import.meta.url), [
    JSON.stringify(settings),
  ]);
  const ask = async (order) => {
    child.send(order);
    return (await once(child, 'message'))[0];
  };
  const [{ port }] = await once(child, 'message');
  const sink = {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    /** Totals so far: events, requests, bytes, connections, and when the last one came. */
    stats: () => ask('stats'),
    /** Pairs since they were last asked for, or since `accept`: when events came, and the total by then. */
    arrivals: () => ask('arrivals'),
    refuse: () => ask('refuse'),
    fail: () => ask('fail'),
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

/** One that every sender takes without being told. */
function certificate() {
  const folder = mkdtempSync(join(tmpdir(), 'odp-bench-tls-'));
  const file = (name) => join(folder, name);
  const request =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1';
  execFileSync(
    'openssl',
    [
      request.split(' '),
      '-keyout',
      file('key.pem'),
      '-out',
      file('cert.pem'),
    ].flat(),
    { stdio: 'ignore' },
  );
  const key = readFileSync(file('key.pem'), 'utf8');
  const cert = readFileSync(file('cert.pem'), 'utf8');
  rmSync(folder, { recursive: true });
  // As if a public authority had signed it.
  httpsAgent.options.ca = cert;
  return { key, cert };
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
