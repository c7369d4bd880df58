import { EVENTS, atMost, b500, beyond, itself, over } from './parts.mjs';

export const call = {
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
};

const one = (sender, more = {}) => ({
  run: 'latency',
  options: { sender, events: 1000, ...more },
});

export const latency = {
  title: 'One event every 10 ms, from the call until ODP has it, loopback',
  lanes: {
    'ours, flushInterval: 0': one('track', { flushInterval: 0 }),
    'node:http': one('node:http', { batch: 1 }),
    axios: one('axios', { batch: 1 }),
  },
  figures: [
    { key: 'p50', title: 'p50 ms' },
    { key: 'p99', title: 'p99 ms' },
    { key: 'longest', title: 'longest ms' },
  ],
  ratios: [
    itself(
      'from the call to ODP, p99 (ms)',
      'ours, flushInterval: 0',
      'p99',
      atMost(2),
    ),
    ...['p50', 'p99'].map((key) =>
      beyond(
        `beyond a bare request, ${key} (ms)`,
        'ours, flushInterval: 0',
        'node:http',
        key,
        key === 'p99' ? atMost(2) : {},
      ),
    ),
  ],
};
