// What is compared with what. A lane is one measured process: a script of
// `runs/` and what it is asked for. `figures` are the columns of its table;
// `ratios` relate lanes of one round, with the goal where there is one.

const EVENTS = 100_000;
const rate = { key: 'rate', title: 'events/s' };
const cpu = { key: 'cpu', title: 'CPU µs/event' };
const lost = { key: 'lost', title: 'lost' };
const atLeast = (goal) => ({ atLeast: goal });
const atMost = (goal) => ({ atMost: goal });

/** One lane's figure over another's. */
const over = (title, lane, base, key = 'rate', goal = {}) => ({
  title,
  of: (round) => round[lane][key] / round[base][key],
  ...goal,
});
/** A lane's own figure, where a goal is set for it. */
const itself = (title, lane, key, goal) => ({
  title,
  of: (round) => round[lane][key],
  ...goal,
});

/** The least of all lanes' figures over the most. */
const leastOverMost = (lanes, key) => {
  const all = Object.values(lanes).map((figures) => figures[key]);
  return Math.min(...all) / Math.max(...all);
};

const sender = (name, more = {}) => ({
  run: 'throughput',
  options: { sender: name, events: EVENTS, ...more },
});
const b500 = { batch: 500 };

const route = (platform, how) => ({
  run: 'route',
  options: {
    platform,
    how,
    requests: platform === 'express' ? 10_000 : 20_000,
  },
});
const platforms = ['express', 'fastify'];

const SENDERS = 1000;
const durable = (store, events, ceiling = false) => ({
  run: 'durable',
  options: { store, senders: SENDERS, events, ceiling },
});

export const comparisons = {
  throughput: {
    title: 'Events to the sink, 100,000 of them, one process each',
    lanes: {
      'ceiling: node:http, batch 500': sender('node:http', b500),
      'ceiling: axios, batch 500': sender('axios', b500),
      'ceiling: axios, batch 100': sender('axios', { batch: 100 }),
      'ours: trackOdpEvent, batch 500': sender('track', b500),
      'ours: sendOdpEvent awaited, batch 500': sender('send', b500),
      'ours: trackOdpEvent, defaults': sender('track'),
      'official SDK, batch 500': sender('official', b500),
      'official SDK, defaults': sender('official'),
      'posthog-node, batch 500': sender('posthog', b500),
      '@segment/analytics-node, batch 500': sender('segment', b500),
    },
    figures: [
      rate,
      cpu,
      { key: 'bytes', title: 'bytes/event' },
      { key: 'rss', title: 'peak MB' },
      lost,
    ],
    ratios: [
      over(
        'ours / axios ceiling, batch 500',
        'ours: trackOdpEvent, batch 500',
        'ceiling: axios, batch 500',
        'rate',
        atLeast(0.8),
      ),
      over(
        'ours / node:http ceiling, batch 500',
        'ours: trackOdpEvent, batch 500',
        'ceiling: node:http, batch 500',
      ),
      over(
        'ours awaited / axios ceiling, batch 500',
        'ours: sendOdpEvent awaited, batch 500',
        'ceiling: axios, batch 500',
      ),
      over(
        'ours / official SDK, batch 500',
        'ours: trackOdpEvent, batch 500',
        'official SDK, batch 500',
        'rate',
        atLeast(3),
      ),
      over(
        'ours / official SDK, each at its defaults',
        'ours: trackOdpEvent, defaults',
        'official SDK, defaults',
        'rate',
        atLeast(3),
      ),
      over(
        'ours, defaults / axios ceiling, batch 100 (our default)',
        'ours: trackOdpEvent, defaults',
        'ceiling: axios, batch 100',
      ),
      over(
        'axios ceiling, batch 100 / official SDK, defaults',
        'ceiling: axios, batch 100',
        'official SDK, defaults',
      ),
      over(
        'axios ceiling / official SDK, batch 500',
        'ceiling: axios, batch 500',
        'official SDK, batch 500',
      ),
      over(
        'ours / posthog-node, batch 500',
        'ours: trackOdpEvent, batch 500',
        'posthog-node, batch 500',
      ),
      over(
        'ours / @segment/analytics-node, batch 500',
        'ours: trackOdpEvent, batch 500',
        '@segment/analytics-node, batch 500',
      ),
      over(
        'CPU: ours / axios ceiling, batch 500',
        'ours: trackOdpEvent, batch 500',
        'ceiling: axios, batch 500',
        'cpu',
      ),
      over(
        'CPU: official SDK / ours, batch 500',
        'official SDK, batch 500',
        'ours: trackOdpEvent, batch 500',
        'cpu',
      ),
      itself(
        'client CPU per event, batch 500 (µs)',
        'ours: trackOdpEvent, batch 500',
        'cpu',
        atMost(10),
      ),
    ],
  },

  call: {
    title: 'One call, µs of the caller, 100,000 of them at full speed',
    lanes: {
      trackOdpEvent: {
        run: 'call',
        options: { sender: 'track', calls: EVENTS, ...b500 },
      },
      'await sendOdpEvent': {
        run: 'call',
        options: { sender: 'send', calls: EVENTS, ...b500 },
      },
      'official SDK': {
        run: 'call',
        options: { sender: 'official', calls: EVENTS, ...b500 },
      },
    },
    figures: [
      { key: 'mean', title: 'mean' },
      { key: 'p50', title: 'p50' },
      { key: 'p99', title: 'p99' },
    ],
    ratios: [
      itself('trackOdpEvent, mean (µs)', 'trackOdpEvent', 'mean', atMost(3)),
      itself(
        'await sendOdpEvent, mean (µs)',
        'await sendOdpEvent',
        'mean',
        atMost(5),
      ),
      over(
        'official SDK / trackOdpEvent',
        'official SDK',
        'trackOdpEvent',
        'mean',
      ),
    ],
  },

  segments: {
    title:
      'fetchQualifiedSegments: 20,000 new customers, 50 at a time, and 200,000 calls that the cache answers',
    lanes: {
      ours: {
        run: 'segments',
        options: { sender: 'ours' },
        nodeOptions: ['--expose-gc'],
      },
      'official SDK': {
        run: 'segments',
        options: { sender: 'official' },
        nodeOptions: ['--expose-gc'],
      },
    },
    figures: [
      { key: 'rate', title: 'cold/s' },
      { key: 'cached', title: 'cached µs' },
      { key: 'asked', title: 'requests while cached' },
      { key: 'heap', title: 'heap MB' },
      { key: 'cache', title: 'cache of 10,000 MB' },
    ],
    ratios: [
      over(
        'ours / official SDK, cold',
        'ours',
        'official SDK',
        'rate',
        atLeast(1),
      ),
      over(
        'official SDK / ours, µs of a cached answer',
        'official SDK',
        'ours',
        'cached',
        atLeast(2),
      ),
      itself('a cached answer (µs)', 'ours', 'cached', atMost(2)),
      itself('requests while cached', 'ours', 'asked', atMost(0)),
      itself('a full cache (MB)', 'ours', 'cache', {}),
    ],
  },

  route: {
    title: 'A route (JSON in, ValidationPipe, JSON out) under full load',
    lanes: Object.fromEntries(
      platforms.flatMap((platform) =>
        ['plain', 'interceptor', 'decorated', 'followed', 'ambient'].map(
          (how) => [`${platform}, ${how}`, route(platform, how)],
        ),
      ),
    ),
    figures: [
      { key: 'rate', title: 'requests/s' },
      { key: 'cpu', title: 'CPU µs/request' },
      { key: 'p50', title: 'p50 ms' },
      { key: 'p99', title: 'p99 ms' },
      lost,
    ],
    ratios: platforms.flatMap((platform) => {
      const of = (how, key, goal, base = 'plain') =>
        over(
          `${platform}: ${how} / ${base}, ${key === 'rate' ? 'requests/s' : key}`,
          `${platform}, ${how}`,
          `${platform}, ${base}`,
          key,
          goal,
        );
      return [
        of('interceptor', 'rate'),
        of('interceptor', 'p99'),
        of('decorated', 'rate', atLeast(0.95)),
        of('decorated', 'p99', atMost(1.05)),
        of('decorated', 'rate', {}, 'interceptor'),
        of('followed', 'rate'),
        of('ambient', 'rate', atLeast(0.93)),
        of('ambient', 'p99'),
        of('ambient', 'rate', {}, 'followed'),
        {
          title: `${platform}: what @SendOdpEvent() costs (CPU µs/request)`,
          of: (round) =>
            round[`${platform}, decorated`].cpu -
            round[`${platform}, plain`].cpu,
        },
        {
          title: `${platform}: what identity and its event cost (CPU µs/request)`,
          of: (round) =>
            round[`${platform}, ambient`].cpu - round[`${platform}, plain`].cpu,
        },
      ];
    }),
  },

  outage: {
    title: (full) =>
      `ODP refuses connections for ${full ? 60 : 15} s, 10,000 trackOdpEvent calls per second, default outbox (50,000)`,
    lanes: (full) => ({
      outage: {
        run: 'outage',
        options: { seconds: full ? 60 : 15 },
        nodeOptions: ['--expose-gc'],
      },
    }),
    figures: [
      { key: 'rss', title: 'MB over idle' },
      { key: 'delay', title: 'loop delay p99 ms' },
      { key: 'longest', title: 'longest ms' },
      { key: 'held', title: 'held' },
      { key: 'refused', title: 'refused (told)' },
      { key: 'recovery', title: 'recovery ms' },
      lost,
      { key: 'untold', title: 'lost untold' },
    ],
    ratios: [
      itself('resident memory over idle (MB)', 'outage', 'rss', atMost(64)),
      itself('event-loop delay p99 (ms)', 'outage', 'delay', atMost(20)),
      itself('accepted events lost', 'outage', 'lost', atMost(0)),
    ],
  },

  durable: {
    title: `Outboxes between ${SENDERS} concurrent senders and the sink, every append awaited`,
    lanes: {
      memoryOutbox: durable('memory', EVENTS),
      'fileOutbox, fsync': durable('file', EVENTS),
      'ceiling: LevelDB batches of 1000, fsync': durable('file', EVENTS, true),
      redisOutbox: durable('redis', EVENTS / 2),
      'ceiling: pipelined XADD': durable('redis', EVENTS / 2, true),
      postgresOutbox: durable('postgres', EVENTS / 2),
      'ceiling: INSERT of 1000 rows, Postgres': durable(
        'postgres',
        EVENTS / 2,
        true,
      ),
      mysqlOutbox: durable('mysql', EVENTS / 2),
      'ceiling: INSERT of 1000 rows, MySQL': durable('mysql', EVENTS / 2, true),
    },
    figures: [rate, cpu, { key: 'accepted', title: 'accepted/s' }, lost],
    ratios: [
      over(
        'fileOutbox / memoryOutbox',
        'fileOutbox, fsync',
        'memoryOutbox',
        'rate',
        atLeast(0.4),
      ),
      over(
        'fileOutbox / its ceiling',
        'fileOutbox, fsync',
        'ceiling: LevelDB batches of 1000, fsync',
      ),
      over('redisOutbox / memoryOutbox', 'redisOutbox', 'memoryOutbox'),
      over(
        'redisOutbox / its ceiling',
        'redisOutbox',
        'ceiling: pipelined XADD',
      ),
      over('postgresOutbox / memoryOutbox', 'postgresOutbox', 'memoryOutbox'),
      over(
        'postgresOutbox / its ceiling',
        'postgresOutbox',
        'ceiling: INSERT of 1000 rows, Postgres',
        'rate',
        atLeast(0.5),
      ),
      over(
        'mysqlOutbox / its ceiling',
        'mysqlOutbox',
        'ceiling: INSERT of 1000 rows, MySQL',
        'rate',
        atLeast(0.5),
      ),
    ],
  },

  linear: {
    title:
      'Does it stay as fast? sendOdpEvent awaited, whenFull: wait, batch 500',
    lanes: Object.fromEntries(
      [10_000, 100_000, 1_000_000].map((events) => [
        `${events} events`,
        // As many in all, so that the length is what differs.
        sender('send', {
          ...b500,
          events,
          repeats: 1_000_000 / events,
        }),
      ]),
    ),
    figures: [rate, cpu, { key: 'rss', title: 'peak MB' }, lost],
    ratios: [
      {
        // Of a round's three figures the extremes differ by chance as well.
        title: 'slowest / fastest length, medians of events/s',
        ofMedians: (lanes) => leastOverMost(lanes, 'rate'),
        ...atLeast(0.85),
      },
      {
        title: 'slowest / fastest length of a round, events/s',
        of: (round) => leastOverMost(round, 'rate'),
      },
      {
        title: 'cheapest / dearest length, medians of CPU per event',
        ofMedians: (lanes) => leastOverMost(lanes, 'cpu'),
      },
    ],
  },

  boot: {
    title: 'Boot of an empty Nest app on Express, until it listens',
    lanes: {
      empty: { run: 'boot', options: { ours: false } },
      'with the module': { run: 'boot', options: { ours: true } },
    },
    figures: [
      { key: 'load', title: 'load ms' },
      { key: 'boot', title: 'boot ms' },
      { key: 'whole', title: 'process ms' },
      { key: 'rss', title: 'MB' },
    ],
    ratios: [
      {
        title: 'boot added (ms)',
        of: (round) => round['with the module'].boot - round.empty.boot,
        ...atMost(15),
      },
      {
        title: 'loading of the module and of what it imports, added (ms)',
        of: (round) => round['with the module'].load - round.empty.load,
      },
    ],
  },

  bulk: {
    title: 'Bulk: sendOdpEvents, batch 500',
    lanes: {
      'one list of 100,000': {
        run: 'bulk',
        options: { events: EVENTS, capacity: 2 * EVENTS },
        nodeOptions: ['--expose-gc'],
      },
      'one list of 100,000, whenFull: wait': {
        run: 'bulk',
        options: { events: EVENTS, whenFull: 'wait' },
        nodeOptions: ['--expose-gc'],
      },
      '1,000,000 in lists of 1000, whenFull: wait': {
        run: 'bulk',
        options: { events: 10 * EVENTS, listSize: 1000, whenFull: 'wait' },
        nodeOptions: ['--expose-gc'],
      },
    },
    figures: [
      { key: 'longest', title: 'longest block ms' },
      { key: 'accepted', title: 'accepted ms' },
      rate,
      { key: 'rss', title: 'MB over idle' },
      lost,
    ],
    ratios: [
      itself(
        'longest block, one list (ms)',
        'one list of 100,000',
        'longest',
        atMost(20),
      ),
      itself(
        'longest block, one list, waiting for room (ms)',
        'one list of 100,000, whenFull: wait',
        'longest',
        atMost(20),
      ),
    ],
  },
};
