import { expect, test } from 'vitest';
import { BatchLimit } from './batch-limit.js';

const KIB = 1024;
const MAX = 1024 * KIB;

test('is maxBatchBytes until a request has no answer in time', () => {
  const limit = new BatchLimit(MAX);
  limit.gotThrough(() => MAX);
  expect(limit.bytes).toBe(MAX);
});

test('is half of what timed out, and stays above 16 KiB', () => {
  const limit = new BatchLimit(MAX);
  limit.timedOut(MAX);
  expect(limit.bytes).toBe(512 * KIB);
  limit.timedOut(100 * KIB);
  expect(limit.bytes).toBe(50 * KIB);
  limit.timedOut(1 * KIB);
  expect(limit.bytes).toBe(16 * KIB);
});

test('is not raised by the failure of an older, larger request', () => {
  const limit = new BatchLimit(MAX);
  limit.timedOut(100 * KIB);
  limit.timedOut(MAX);
  expect(limit.bytes).toBe(50 * KIB);
});

test('grows by a tenth with each request that uses half of it, up to the maximum', () => {
  const limit = new BatchLimit(MAX);
  limit.timedOut(200 * KIB);
  limit.gotThrough(() => 50 * KIB - 1);
  expect(limit.bytes).toBe(100 * KIB);
  limit.gotThrough(() => 50 * KIB);
  expect(limit.bytes).toBe(Math.ceil(100 * KIB * 1.1));
  for (let i = 0; i < 50; i++) limit.gotThrough(() => MAX);
  expect(limit.bytes).toBe(MAX);
});
