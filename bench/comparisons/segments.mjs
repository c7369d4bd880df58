import { atLeast, atMost, itself, over } from './parts.mjs';

export const segments = {
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
    { key: 'cpu', title: 'CPU µs/cold' },
    { key: 'cached', title: 'cached µs' },
    { key: 'asked', title: 'requests while cached' },
    { key: 'flood', title: 'requests for 10,000 callers of 100' },
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
    over('CPU: ours / official SDK, cold', 'ours', 'official SDK', 'cpu'),
    over(
      'official SDK / ours, µs of a cached answer',
      'official SDK',
      'ours',
      'cached',
      atLeast(2),
    ),
    itself('a cached answer (µs)', 'ours', 'cached', atMost(2)),
    itself('requests while cached', 'ours', 'asked', atMost(0)),
    itself(
      'requests for 10,000 callers of 100 customers',
      'ours',
      'flood',
      atMost(100),
    ),
    itself('a full cache (MB)', 'ours', 'cache', {}),
  ],
};
