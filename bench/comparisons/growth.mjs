import {
  EVENTS,
  atLeast,
  atMost,
  b500,
  cpu,
  itself,
  lost,
  rate,
  sender,
} from './parts.mjs';

/** The least of all lanes' figures over the most. */
const leastOverMost = (lanes, key) => {
  const all = Object.values(lanes).map((figures) => figures[key]);
  return Math.min(...all) / Math.max(...all);
};

export const linear = {
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
};

export const bulk = {
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
};
