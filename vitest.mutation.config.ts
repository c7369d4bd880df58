import { defineConfig } from 'vitest/config';
import config from './vitest.config.js';

// What mutation testing runs, for every line that it breaks: the specs beside pure
// code. (mergeConfig would add these to the includes of the whole suite.)
export default defineConfig({
  ...config,
  test: {
    ...config.test,
    projects: undefined,
    isolate: false,
    include: [
      'src/{events,options,odp,delivery,decorators,outbox/memory,service}/**/*.spec.ts',
    ],
    // Servers take long, and so do thousands of random events, which hardly notice
    // what examples miss.
    exclude: [
      'src/odp/*.transport.spec.ts',
      'src/events/hostile-input.spec.ts',
    ],
  },
});
