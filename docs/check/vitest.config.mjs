// Runs the blocks that are test files, as `npm test` runs ours.
import { mergeConfig } from 'vitest/config';
import base from '../../vitest.config.ts';

export default {
  ...mergeConfig(base, {}),
  test: {
    root: new URL('../../.docs-check', import.meta.url).pathname,
    include: ['**/*.spec.ts'],
    exclude: ['js/**'],
    maxWorkers: 1,
  },
};
