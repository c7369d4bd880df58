/**
 * Breaks pure code line by line; a test has to notice. See CONTRIBUTING.md, How we
 * test.
 *
 * @type {import('@stryker-mutator/api/core').PartialStrykerOptions}
 */
export default {
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'vitest.mutation.config.ts', related: true },
  mutate: [
    'src/events/**/*.ts',
    'src/options/**/*.ts',
    'src/odp/read-*.ts',
    'src/odp/retry-after.ts',
    'src/delivery/backoff.ts',
    'src/delivery/circuit-breaker.ts',
    'src/delivery/batch-trigger.ts',
    'src/outbox/memory/*.ts',
    'src/decorators/make-action.ts',
    'src/service/make-events.ts',
    '!src/**/*.spec.ts',
    '!src/**/index.ts',
    // Swagger knows lazy types by the name of their function, which Stryker's
    // instrumentation takes away.
    '!src/events/dto/odp-event.dto.ts',
  ],
  coverageAnalysis: 'perTest',
  ignoreStatic: true,
  // Two make tests with timers slow enough to time out on a small machine.
  concurrency: 1,
  // A loop without an end is noticed, too.
  timeoutMS: 8000,
  reporters: ['clear-text', 'progress'],
  clearTextReporter: { reportTests: false, allowColor: false },
  thresholds: { high: 95, low: 90, break: 90 },
  tempDirName: '.stryker-tmp',
};
