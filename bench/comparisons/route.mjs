import { atLeast, atMost, beyond, lost, over } from './parts.mjs';

const lane = (platform, how) => ({
  run: 'route',
  options: {
    platform,
    how,
    requests: platform === 'express' ? 10_000 : 20_000,
  },
});
const titles = { rate: 'requests/s', cpu: 'CPU', p99: 'p99' };
const platforms = ['express', 'fastify'];
const ways = [
  'plain',
  'interceptor',
  'decorated',
  'followed',
  'ambient',
  'official',
  'posthog',
];

export const route = {
  title: 'A route (JSON in, ValidationPipe, JSON out) under full load',
  lanes: Object.fromEntries(
    platforms.flatMap((platform) =>
      ways.map((how) => [`${platform}, ${how}`, lane(platform, how)]),
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
        `${platform}: ${how} / ${base}, ${titles[key]}`,
        `${platform}, ${how}`,
        `${platform}, ${base}`,
        key,
        goal,
      );
    return [
      of('decorated', 'rate', atLeast(1), 'official'),
      of('decorated', 'cpu', atMost(1), 'official'),
      of('decorated', 'rate', atLeast(1), 'posthog'),
      of('decorated', 'cpu', atMost(1), 'posthog'),
      of('decorated', 'rate', atLeast(0.9), 'interceptor'),
      of('decorated', 'cpu', {}, 'interceptor'),
      of('decorated', 'p99', {}, 'interceptor'),
      of('ambient', 'rate', {}, 'official'),
      of('ambient', 'rate', {}, 'posthog'),
      of('ambient', 'rate', {}, 'followed'),
      of('interceptor', 'rate'),
      of('decorated', 'rate'),
      of('followed', 'rate'),
      of('ambient', 'rate'),
      of('official', 'rate'),
      of('posthog', 'rate'),
      beyond(
        `${platform}: what @SendOdpEvent() costs (CPU µs/request)`,
        `${platform}, decorated`,
        `${platform}, plain`,
        'cpu',
      ),
      beyond(
        `${platform}: what identity and its event cost (CPU µs/request)`,
        `${platform}, ambient`,
        `${platform}, plain`,
        'cpu',
      ),
    ];
  }),
};
