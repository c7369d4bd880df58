import { atMost, beyond } from './parts.mjs';

export const boot = {
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
    beyond('boot added (ms)', 'with the module', 'empty', 'boot', atMost(15)),
    beyond(
      'loading of the module and of what it imports, added (ms)',
      'with the module',
      'empty',
      'load',
    ),
  ],
};
