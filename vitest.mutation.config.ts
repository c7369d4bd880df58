import { defineConfig } from 'vitest/config';
import config from './vitest.config.js';

// What mutation testing runs: the specs of pure code, most of them beside it. What needs
// a server, a browser or a process of its own would take hours. (mergeConfig
// would add these to the includes of the whole suite.)
export default defineConfig({
  ...config,
  test: {
    ...config.test,
    include: [
      'src/{events,options,odp,delivery,decorators,outbox/memory,service}/**/*.spec.ts',
      'test/validation/*.spec.ts',
      'test/service/before-send.spec.ts',
    ],
  },
});
