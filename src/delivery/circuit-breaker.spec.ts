import { describe, expect, test } from 'vitest';
import { CircuitBreaker } from './circuit-breaker.js';

const breaker = () =>
  new CircuitBreaker({
    backoff: (failures) => 100 * 2 ** (failures - 1),
    probeInterval: 5000,
  });

describe('a breaker', () => {
  test('lets as many through as may be while it is open', () => {
    expect(breaker().capacity(0, 1, 4)).toBe(3);
  });

  test('closes after a failure, longer after each further one', () => {
    const one = breaker();
    expect(one.failed(one.stamp(), 0, 0, undefined)).toBe(100);
    expect(one.capacity(99, 0, 4)).toBe(0);
    expect(one.nextRequestAt(99)).toBe(100);
    expect(one.failed(one.stamp(), 100, 1, undefined)).toBe(200);
    expect(one.failed(one.stamp(), 300, 2, undefined)).toBe(400);
  });

  test('lets one at a time find out after a wait, and all once it got through', () => {
    const one = breaker();
    one.failed(one.stamp(), 0, 0, undefined);
    expect(one.capacity(100, 0, 4)).toBe(1);
    expect(one.capacity(100, 1, 4)).toBe(0);
    expect(one.succeeded()).toBe('outage');
    expect(one.succeeded()).toBe(undefined);
    expect(one.capacity(100, 1, 4)).toBe(3);
  });

  test('counts failures of requests that were under way together once', () => {
    const one = breaker();
    const stamps = [one.stamp(), one.stamp(), one.stamp()];
    expect(stamps.map((stamp) => one.failed(stamp, 10, 0, undefined))).toEqual([
      100, 100, 100,
    ]);
    expect(one.failed(one.stamp(), 110, 1, undefined)).toBe(200);
  });

  test('stays open for a failure while others got through, which waits by its own failedAttempts', () => {
    const one = breaker();
    const stamp = one.stamp();
    one.succeeded();
    expect(one.failed(stamp, 0, 3, undefined)).toBe(800);
    expect(one.capacity(0, 0, 4)).toBe(4);
  });

  test('keeps a pause that ODP asked for, whoever gets through meanwhile', () => {
    const one = breaker();
    one.failed(one.stamp(), 0, 0, 3000);
    one.succeeded();
    expect(one.capacity(2999, 0, 4)).toBe(0);
    expect(one.capacity(3000, 0, 4)).toBe(4);
  });

  test('suspends until a probe gets through, also where a probe fails for the moment', () => {
    const one = breaker();
    expect(one.suspend(0)).toBe(true);
    expect(one.suspend(0)).toBe(false);
    expect(one.capacity(4999, 0, 4)).toBe(0);
    expect(one.capacity(5000, 0, 4)).toBe(1);
    expect(one.failed(one.stamp(), 5000, 0, undefined)).toBe(5000);
    expect(one.suspended).toBe(true);
    expect(one.succeeded()).toBe('suspension');
    expect(one.suspended).toBe(false);
  });

  test('hurries: waits are cut, a pause that ODP asked for is not', () => {
    const one = breaker();
    one.failed(one.stamp(), 0, 0, undefined);
    one.limitBackoff(0, 50);
    expect(one.nextRequestAt(0)).toBe(50);
    expect(one.failed(one.stamp(), 50, 5, undefined)).toBe(50);
    one.failed(one.stamp(), 100, 0, 2000);
    one.limitBackoff(100, 50);
    expect(one.nextRequestAt(150)).toBe(2100);
  });
});
