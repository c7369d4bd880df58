import { describe, expect, test } from 'vitest';
import { CircuitBreaker } from './circuit-breaker.js';

const breaker = () =>
  new CircuitBreaker({ backoff: (failures) => 100 * 2 ** (failures - 1) });

describe('a circuit breaker', () => {
  test('lets requests through while it is closed', () => {
    const one = breaker();
    expect(one.closed).toBe(true);
    expect(one.nextRequestAt(0)).toBe(undefined);
  });

  test('opens after a failure, longer after each further one, at most for a second', () => {
    const one = breaker();
    expect(one.failed(0, undefined)).toBe(100);
    expect(one.closed).toBe(false);
    expect(one.nextRequestAt(99)).toBe(100);
    expect(one.nextRequestAt(100)).toBe(undefined);
    expect(one.failed(100, undefined)).toBe(200);
    expect(one.failed(300, undefined)).toBe(400);
    expect(one.failed(700, undefined)).toBe(800);
    expect(one.failed(1500, undefined)).toBe(1000);
  });

  test('waits for as long as the first delay is, if that is more than a second', () => {
    const one = new CircuitBreaker({ backoff: (failures) => failures * 5000 });
    expect(one.failed(0, undefined)).toBe(5000);
    expect(one.failed(5000, undefined)).toBe(5000);
  });

  test('closes once a request got through', () => {
    const one = breaker();
    one.failed(0, undefined);
    expect(one.succeeded()).toBe('outage');
    expect(one.succeeded()).toBe(undefined);
    expect(one.closed).toBe(true);
    expect(one.failed(0, undefined)).toBe(100);
  });

  test('counts failures of requests that were under way together once', () => {
    const one = breaker();
    for (let request = 0; request < 3; request++) {
      expect(one.failed(10, undefined)).toBe(100);
    }
    expect(one.failed(110, undefined)).toBe(200);
  });

  test('keeps a pause that ODP asked for, whoever gets through meanwhile', () => {
    const one = breaker();
    expect(one.failed(0, 3000)).toBe(3000);
    one.succeeded();
    expect(one.nextRequestAt(2999)).toBe(3000);
    expect(one.nextRequestAt(3000)).toBe(undefined);
  });

  test('suspends until a probe gets through, probing at growing intervals', () => {
    const one = breaker();
    expect(one.suspend(0)).toEqual({ news: true, wait: 100 });
    // Another request that was under way then.
    expect(one.suspend(50)).toEqual({ news: false, wait: 50 });
    expect(one.nextRequestAt(99)).toBe(100);
    expect(one.suspend(100)).toEqual({ news: false, wait: 200 });
    expect(one.failed(300, undefined)).toBe(400);
    expect(one.suspended).toBe(true);
    expect(one.suspend(700)).toEqual({ news: false, wait: 800 });
    expect(one.failed(1500, undefined)).toBe(1600);
    expect(one.succeeded()).toBe('suspension');
    expect(one.suspended).toBe(false);
  });

  test('keeps the longest pause that ODP asked for', () => {
    const one = breaker();
    one.failed(0, 3000);
    expect(one.failed(10, 500)).toBe(2990);
    one.succeeded();
    expect(one.nextRequestAt(600)).toBe(3000);
  });

  test('begins anew when an outage turns out to be a misconfiguration', () => {
    const one = breaker();
    one.failed(0, undefined);
    one.failed(100, undefined);
    expect(one.suspend(300)).toEqual({ news: true, wait: 100 });
  });

  test('is stuck after more than three failed probes', () => {
    const one = breaker();
    for (const at of [0, 100, 300]) one.suspend(at);
    expect(one.isStuck).toBe(false);
    one.suspend(700);
    expect(one.isStuck).toBe(true);

    const inOutage = breaker();
    for (let at = 0; at < 10_000; at += 1000) inOutage.failed(at, undefined);
    expect(inOutage.isStuck).toBe(false);
  });

  test('lets nothing through without an account', () => {
    const one = new CircuitBreaker({ backoff: () => 100 }, false);
    expect(one.nextRequestAt(0)).toBe(Infinity);
    expect(one.closed).toBe(false);
    one.reset(true);
    expect(one.nextRequestAt(0)).toBe(undefined);
    expect(one.closed).toBe(true);
  });

  test('forgets all that it has learnt about an account that is replaced', () => {
    const one = breaker();
    one.suspend(0);
    one.suspend(100);
    one.failed(300, 60_000);
    expect(one.resets).toBe(0);
    one.reset(true);
    expect(one.resets).toBe(1);
    expect(one.suspended).toBe(false);
    expect(one.closed).toBe(true);
    expect(one.nextRequestAt(300)).toBe(undefined);
    expect(one.failed(300, undefined)).toBe(100);
  });

  test('hurries: waits are cut, a pause that ODP asked for is not', () => {
    const one = breaker();
    one.failed(0, undefined);
    one.limitBackoff(0, 50);
    expect(one.nextRequestAt(0)).toBe(50);
    expect(one.failed(50, undefined)).toBe(50);
    one.failed(100, 2000);
    one.limitBackoff(100, 50);
    expect(one.nextRequestAt(150)).toBe(2100);

    const closed = breaker();
    closed.limitBackoff(0, 50);
    expect(closed.closed).toBe(true);
    const suspended = breaker();
    suspended.suspend(0);
    suspended.limitBackoff(0, 50);
    expect(suspended.nextRequestAt(0)).toBe(100);
  });
});
