// What `fetchQualifiedSegments` costs: asked of ODP for customers who are new,
// so many at once, and answered from the cache for customers who are known.
import { MB, options, report, startCpu, startSink } from '../measure.mjs';

const SEGMENT = 'vip';
const {
  sender,
  customers = 20_000,
  known = 100,
  calls = 200_000,
  concurrency = 50,
} = options;
const sink = await startSink();

const askers = {
  async ours() {
    const { openOurs } = await import('../ours.mjs');
    const { odp, close } = await openOurs(sink.url, {
      segments: { cacheSize: 10_000 },
    });
    const segments = [SEGMENT];
    return {
      ask: (n) =>
        odp.fetchQualifiedSegments({ fs_user_id: `user-${n}` }, { segments }),
      close,
    };
  },
  async official() {
    const [sdk, { segmentsDatafile }] = await Promise.all([
      import('@optimizely/optimizely-sdk'),
      import('../senders.mjs'),
    ]);
    const client = sdk.createInstance({
      projectConfigManager: sdk.createStaticProjectConfigManager({
        datafile: JSON.stringify(segmentsDatafile(sink.url, SEGMENT)),
      }),
      odpManager: sdk.createOdpManager({}),
    });
    await client.onReady();
    // Those of known customers are kept: making one costs more than asking.
    const users = new Map();
    const userOf = (n) => {
      if (n < 0 || n >= known) return client.createUserContext(`user-${n}`);
      if (!users.has(n)) users.set(n, client.createUserContext(`user-${n}`));
      return users.get(n);
    };
    return {
      async ask(n) {
        const user = userOf(n);
        await user.fetchQualifiedSegments();
        return user.qualifiedSegments;
      },
      close: () => client.close(),
    };
  },
};

const { ask, close } = await askers[sender]();
if ((await ask(-1)).join() !== SEGMENT) throw new Error('no segments');

/** So many new customers, `concurrency` at a time. */
async function cold(from, count) {
  let next = from;
  const worker = async () => {
    while (next < from + count) await ask(next++);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}

/** In ns each, awaited one after the other. */
async function cached(count) {
  const start = performance.now();
  for (let n = 0; n < count; n++) await ask(n % known);
  return ((performance.now() - start) * 1e6) / count;
}

await cold(1_000_000, 2000);
const cpu = startCpu();
const start = performance.now();
await cold(2_000_000, customers);
const rate = customers / ((performance.now() - start) / 1000);
const coldCpu = cpu() / customers;

await cold(0, known);
await cached(calls / 4);
const { requests: before } = await sink.stats();
const each = await cached(calls);
const { requests: after } = await sink.stats();

// 10,000 callers of 100 new customers, all at once.
const { requests: dry } = await sink.stats();
await Promise.all(
  Array.from({ length: 10_000 }, (_, n) => ask(3_000_000 + (n % 100))),
);
const { requests: flooded } = await sink.stats();

// The cache is full now, of customers who are the last that were asked about.
globalThis.gc?.();
const full = process.memoryUsage().heapUsed;
let perCustomer;
if (sender === 'ours') {
  const { SegmentCache } = await import('../../dist/segments/segment-cache.js');
  const cache = new SegmentCache(
    { cacheSize: 10_000, cacheTimeout: 600_000 },
    performance,
  );
  globalThis.gc?.();
  const empty = process.memoryUsage().heapUsed;
  for (let n = 0; n < 10_000; n++) {
    cache.set(`email:customer-${n}@example.com`, {
      asked: [SEGMENT, `segment-${n % 5}`],
      qualified: [SEGMENT],
      at: n + 0.5,
    });
  }
  globalThis.gc?.();
  perCustomer = process.memoryUsage().heapUsed - empty;
  cache.get('x');
}
await close();
report({
  rate,
  cpu: coldCpu,
  cached: each / 1000,
  asked: after - before,
  flood: flooded - dry,
  heap: full / MB,
  cache: perCustomer === undefined ? 0 : perCustomer / MB,
});
