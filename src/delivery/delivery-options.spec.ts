import { expect, test } from 'vitest';
import type { OdpViolation } from '../errors/index.js';
import { resolveDelivery } from './delivery-options.js';

test('what is not given is set, in ms and bytes', () => {
  const problems: OdpViolation[] = [];
  expect(resolveDelivery(undefined, problems)).toEqual({
    batchSize: 500,
    maxBatchBytes: 1024 * 1024,
    flushInterval: 1000,
    maxConcurrentRequests: 16,
    maxRequestsPerSecond: undefined,
    requestTimeout: 10_000,
    maxEventAge: 24 * 60 * 60_000,
    shutdownTimeout: 5000,
    retry: { delay: 200, factor: 2, maxDelay: 30_000, jitter: true },
  });
  expect(problems).toEqual([]);
});

test('durations and sizes may be strings', () => {
  const given = { maxBatchBytes: '64kb', retry: { maxDelay: '1m' } };
  expect(resolveDelivery(given, [])).toMatchObject({
    maxBatchBytes: 64 * 1024,
    retry: { delay: 200, maxDelay: 60_000 },
  });
});

test('each problem names its option', () => {
  const problems: OdpViolation[] = [];
  resolveDelivery(
    {
      batchSize: 501,
      maxRequestsPerSecond: 0,
      requestTimeout: 'soon',
      flushIntervall: 5,
      retry: { factor: 0.5, jiter: true },
    },
    problems,
  );
  expect(problems.map(({ path }) => path).toSorted()).toEqual([
    'delivery.batchSize',
    'delivery.flushIntervall',
    'delivery.maxRequestsPerSecond',
    'delivery.requestTimeout',
    'delivery.retry.factor',
    'delivery.retry.jiter',
  ]);
});
