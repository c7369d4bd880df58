import {
  atLeast,
  atMost,
  b500,
  cpu,
  itself,
  lost,
  over,
  rate,
  sender,
} from './parts.mjs';

const at50 = { delay: 50 };
const at200 = { delay: 200 };
const tls = { tls: true };

const ours = 'ours: trackOdpEvent';
const axios = 'ceiling: axios, batch 500';

export const throughput = {
  title:
    'Events to the sink, 100,000 of them, one process each; at defaults unless said',
  lanes: {
    '50 ms: ours': sender('track', at50),
    '50 ms: official SDK': sender('official', at50),
    '50 ms: official SDK, batch 500': sender('official', { ...at50, ...b500 }),
    '50 ms, TLS: ours': sender('track', { ...at50, ...tls }),
    '50 ms, TLS: official SDK': sender('official', { ...at50, ...tls }),
    '200 ms: ours': sender('track', at200),
    '200 ms: ours, 64 requests': sender('track', { ...at200, requests: 64 }),
    '200 ms: official SDK': sender('official', at200),
    '200 ms: official SDK, batch 500': sender('official', {
      ...at200,
      ...b500,
    }),
    'ceiling: node:http, batch 500': sender('node:http', b500),
    [axios]: sender('axios', b500),
    [ours]: sender('track'),
    'ours: sendOdpEvent awaited': sender('send'),
    'official SDK': sender('official'),
    'official SDK, batch 500': sender('official', b500),
    'posthog-node, batch 500': sender('posthog', b500),
    '@segment/analytics-node, batch 500': sender('segment', b500),
  },
  figures: [
    rate,
    cpu,
    { key: 'bytes', title: 'bytes/event' },
    { key: 'rss', title: 'peak MB' },
    { key: 'connections', title: 'connections' },
    lost,
  ],
  ratios: [
    ...[50, 200].flatMap((ms) => [
      over(
        `${ms} ms: ours / official SDK`,
        `${ms} ms: ours`,
        `${ms} ms: official SDK`,
        'rate',
        atLeast(2),
      ),
      over(
        `${ms} ms: ours / official SDK, batch 500`,
        `${ms} ms: ours`,
        `${ms} ms: official SDK, batch 500`,
        'rate',
        atLeast(1),
      ),
    ]),
    over(
      '200 ms: ours, 64 requests / official SDK, batch 500',
      '200 ms: ours, 64 requests',
      '200 ms: official SDK, batch 500',
    ),
    over(
      '50 ms, TLS: ours / official SDK',
      '50 ms, TLS: ours',
      '50 ms, TLS: official SDK',
      'rate',
      atLeast(2),
    ),
    itself(
      '50 ms, TLS: connections for 300,000 events',
      '50 ms, TLS: ours',
      'connections',
      atMost(16),
    ),
    over('ours, 50 ms / loopback', '50 ms: ours', ours),
    over('ours / official SDK', ours, 'official SDK', 'rate', atLeast(2.2)),
    over('ours / official SDK, batch 500', ours, 'official SDK, batch 500'),
    over('ours / axios ceiling', ours, axios, 'rate', atLeast(0.75)),
    over('ours awaited / axios ceiling', 'ours: sendOdpEvent awaited', axios),
    over('ours / node:http ceiling', ours, 'ceiling: node:http, batch 500'),
    over('axios ceiling / official SDK', axios, 'official SDK'),
    over('ours / posthog-node', ours, 'posthog-node, batch 500'),
    over(
      'ours / @segment/analytics-node',
      ours,
      '@segment/analytics-node, batch 500',
    ),
    over('CPU: ours / axios ceiling', ours, axios, 'cpu'),
    over('CPU: official SDK / ours', 'official SDK', ours, 'cpu'),
    itself('client CPU per event (µs)', ours, 'cpu', atMost(10)),
  ],
};
