import { describe, expect, test, vi } from 'vitest';
import { quietReporter } from '../../test/support/quiet-reporter.js';
import { ManualClock } from '../testing/index.js';
import { Backoff } from './backoff.js';
import { CircuitBreaker } from './circuit-breaker.js';
import type { ResolvedRetry } from './delivery-options.js';

const RETRY = { delay: 100, factor: 2, maxDelay: 60_000, jitter: false };

/** A breaker, and what it reports; `at` sets the time. */
function breaker(retry: Partial<ResolvedRetry> = {}, connected = true) {
  let now = 0;
  const clock = { monotonic: () => now };
  const reporter = quietReporter(new ManualClock());
  const reported: string[] = [];
  for (const what of ['suspended', 'resumed', 'recovered'] as const) {
    vi.spyOn(reporter, what).mockImplementation(() => void reported.push(what));
  }
  const one = new CircuitBreaker(
    new Backoff({ ...RETRY, ...retry }, () => 0),
    clock,
    reporter,
    connected,
  );
  const at = (time: number) => {
    now = time;
    return one;
  };
  return { one, at, reported };
}

describe('a circuit breaker', () => {
  test('lets requests through while it is closed', () => {
    const { one } = breaker();
    expect(one.closed).toBe(true);
    expect(one.nextRequestAt).toBe(undefined);
  });

  test('opens after a failure, longer after each further one, at most for a second', () => {
    const { one, at } = breaker();
    expect(one.failed()).toBe(100);
    expect(one.closed).toBe(false);
    expect(at(99).nextRequestAt).toBe(100);
    expect(at(100).nextRequestAt).toBe(undefined);
    expect(one.failed()).toBe(200);
    expect(at(300).failed()).toBe(400);
    expect(at(700).failed()).toBe(800);
    expect(at(1500).failed()).toBe(1000);
  });

  test('waits for as long as the first delay is, if that is more than a second', () => {
    const { one, at } = breaker({ delay: 5000 });
    expect(one.failed()).toBe(5000);
    expect(at(5000).failed()).toBe(5000);
  });

  test('closes once a request got through, and reports that the outage is over', () => {
    const { one, reported } = breaker();
    one.failed();
    one.succeeded();
    expect(one.closed).toBe(true);
    one.succeeded();
    expect(reported).toEqual(['recovered']);
    expect(one.failed()).toBe(100);
  });

  test('counts failures of requests that were under way together once', () => {
    const { at } = breaker();
    for (let request = 0; request < 3; request++) {
      expect(at(10).failed()).toBe(100);
    }
    expect(at(110).failed()).toBe(200);
  });

  test('keeps a pause that ODP asked for, whoever gets through meanwhile', () => {
    const { one, at } = breaker();
    expect(one.failed(3000)).toBe(3000);
    one.succeeded();
    expect([at(2999).nextRequestAt, one.paused]).toEqual([3000, true]);
    expect([at(3000).nextRequestAt, one.paused]).toEqual([undefined, false]);
  });

  test('keeps the longest pause that ODP asked for', () => {
    const { one, at } = breaker();
    one.failed(3000);
    expect(at(10).failed(500)).toBe(2990);
    one.succeeded();
    expect(at(600).nextRequestAt).toBe(3000);
  });

  test('suspends until a probe gets through, probing at growing intervals', () => {
    const { one, at, reported } = breaker();
    one.suspend(403, 'misconfigured');
    expect(one.suspended).toBe(true);
    // Another request that was under way then.
    at(50).suspend(403, 'misconfigured');
    expect(at(99).nextRequestAt).toBe(100);
    at(100).suspend(403, 'misconfigured');
    expect(one.nextRequestAt).toBe(300);
    expect(at(300).failed()).toBe(400);
    at(700).suspend(403, 'misconfigured');
    expect(one.nextRequestAt).toBe(1500);
    expect(at(1500).failed()).toBe(1600);
    expect(reported).toEqual(['suspended']);
    one.succeeded();
    expect(one.suspended).toBe(false);
    expect(reported).toEqual(['suspended', 'resumed']);
  });

  test('begins anew when an outage turns out to be a misconfiguration', () => {
    const { one, at } = breaker();
    one.failed();
    at(100).failed();
    at(300).suspend(403, 'misconfigured');
    expect(one.nextRequestAt).toBe(400);
  });

  test('is stuck after more than three failed probes', () => {
    const { one, at } = breaker();
    for (const time of [0, 100, 300]) at(time).suspend(403, 'misconfigured');
    expect(one.isStuck).toBe(false);
    at(700).suspend(403, 'misconfigured');
    expect(one.isStuck).toBe(true);

    const outage = breaker();
    for (let time = 0; time < 10_000; time += 1000) outage.at(time).failed();
    expect(outage.one.isStuck).toBe(false);
  });

  test('lets nothing through without an account', () => {
    const { one } = breaker({}, false);
    expect(one.nextRequestAt).toBe(Infinity);
    expect(one.closed).toBe(false);
    one.reset(true);
    expect(one.nextRequestAt).toBe(undefined);
    expect(one.closed).toBe(true);
  });

  test('forgets all that it has learnt about an account that is replaced', () => {
    const { one, at } = breaker();
    one.suspend(403, 'misconfigured');
    at(100).suspend(403, 'misconfigured');
    at(300).failed(60_000);
    expect(one.resets).toBe(0);
    one.reset(true);
    expect(one.resets).toBe(1);
    expect(one.suspended).toBe(false);
    expect(one.closed).toBe(true);
    expect(one.nextRequestAt).toBe(undefined);
    expect(one.failed()).toBe(100);
  });

  test('hurries: waits are cut, a pause that ODP asked for is not', () => {
    const { one, at } = breaker();
    one.failed();
    one.limitBackoff(50);
    expect(one.nextRequestAt).toBe(50);
    expect(at(50).failed()).toBe(50);
    at(100).failed(2000);
    one.limitBackoff(50);
    expect(at(150).nextRequestAt).toBe(2100);

    const closed = breaker().one;
    closed.limitBackoff(50);
    expect(closed.closed).toBe(true);
    const suspended = breaker().one;
    suspended.suspend(403, 'misconfigured');
    suspended.limitBackoff(50);
    expect(suspended.nextRequestAt).toBe(100);
  });
});
