import { atMost, itself, lost } from './parts.mjs';

export const outage = {
  title: ({ outage: seconds }) =>
    `ODP refuses connections for ${seconds} s, 10,000 trackOdpEvent calls per second, default outbox (50,000)`,
  lanes: ({ outage: seconds }) => ({
    outage: {
      run: 'outage',
      options: { seconds },
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
};

const after = (how, tls = false) => ({
  run: 'recovery',
  options: { how, seconds: 30, delay: 50, tls },
});
const ways = ['refuses connections', 'refuses connections, TLS', 'answers 503'];

export const recovery = {
  title:
    'ODP is back after 30 s, 50 ms away, and 50,000 events wait in the default outbox',
  lanes: {
    [ways[0]]: after('refuse'),
    [ways[1]]: after('refuse', true),
    [ways[2]]: after('fail'),
  },
  figures: [
    { key: 'probe', title: 'until it is asked, ms' },
    { key: 'drain', title: 'from there to empty, ms' },
    { key: 'recovery', title: 'in all, ms' },
    { key: 'probes', title: 'requests/s meanwhile' },
    { key: 'connections', title: 'connections' },
    lost,
  ],
  ratios: [
    ...ways.flatMap((way) => [
      itself(`${way}: until empty (ms)`, way, 'recovery', atMost(3000)),
      itself(`${way}: wait for the probe (ms)`, way, 'probe', atMost(1500)),
      itself(`${way}: accepted events lost`, way, 'lost', atMost(0)),
    ]),
    itself('requests/s to a sick ODP', ways[2], 'probes', atMost(3)),
  ],
};

const stores = ['memory', 'file', 'redis', 'postgres', 'mysql'];

export const deploy = {
  title:
    'The app ends while 50,000 events wait, ODP 50 ms away, shutdownTimeout 5 s',
  lanes: Object.fromEntries(
    stores.map((store) => [
      `${store}Outbox`,
      { run: 'shutdown', options: { store, delay: 50 } },
    ]),
  ),
  figures: [
    { key: 'took', title: 'shutdown ms' },
    { key: 'behind', title: 'stayed behind' },
  ],
  ratios: stores.map((store) =>
    itself(
      `${store}Outbox: stayed behind`,
      `${store}Outbox`,
      'behind',
      atMost(0),
    ),
  ),
};
