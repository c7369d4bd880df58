import { describe, expect, test, vi } from 'vitest';
import {
  eventOf,
  sendingParts,
  sentBy,
} from '../../test/support/delivery-parts.js';
import type { RecordedOdpRequest } from '../testing/index.js';

const LEASE_MS = 60_000;
const OWN = { detail: { message: 'no such field' } };

/** An account with these events, claimed for a minute. */
async function claimed(ids: readonly string[], lease = LEASE_MS) {
  const parts = await sendingParts({ maxEventAge: 100_000 });
  const { access } = parts;
  await access.append(ids.map((id) => eventOf(id)));
  const claimAll = () => access.claim({ limit: 100, lease });
  /** What the outbox holds that can be claimed, with how often it has failed. */
  const waiting = async () => {
    const { events } = await claimAll();
    return Object.fromEntries(
      events.map(({ id, failedAttempts }) => [id, failedAttempts]),
    );
  };
  return { ...parts, claim: await claimAll(), claimAll, waiting };
}

const holds = ({ events }: RecordedOdpRequest, id: string) =>
  events.some(({ identifiers }) => identifiers.email === `${id}@example.com`);

describe('a delivery', () => {
  test('is one request; what ODP acknowledges leaves the outbox', async () => {
    const { batches, claim, transport, access, reporter } = await claimed([
      'a',
      'b',
    ]);
    await batches.deliver(claim);
    expect(sentBy(transport)).toEqual([['a', 'b']]);
    expect(access.counts().pending).toBe(0);
    expect(reporter.counters).toMatchObject({ delivered: 2, requests: 1 });
  });

  test('gives up what is too old instead of sending it', async () => {
    const { batches, claimAll, transport, clock, access, claim, reporter } =
      await claimed(['old']);
    await claim.release(claim.events);
    await clock.advance(99_999);
    await access.append([eventOf('young')]);
    await clock.advance(1);
    await batches.deliver(await claimAll());
    expect(sentBy(transport)).toEqual([['young']]);
    expect(reporter.counters).toMatchObject({ delivered: 1, expired: 1 });
  });

  test('rejects the events that ODP names, and sends the others again', async () => {
    const { batches, claim, transport, reporter } = await claimed([
      'a',
      'bad',
      'c',
    ]);
    transport.respondWith((request) =>
      holds(request, 'bad')
        ? {
            status: 400,
            body: { detail: { invalids: [{ event: 1, message: 'no' }] } },
          }
        : 202,
    );
    await batches.deliver(claim);
    expect(sentBy(transport)).toEqual([
      ['a', 'bad', 'c'],
      ['a', 'c'],
    ]);
    expect(reporter.counters).toMatchObject({ delivered: 2, rejected: 1 });
  });

  test('halves what is refused until the culprit is alone, and costs no other event', async () => {
    const ids = ['a', 'b', 'c', 'd', 'bad', 'f', 'g', 'h'];
    const { batches, claim, claimAll, transport, access, clock, reporter } =
      await claimed(ids);
    transport.respondWith((request) =>
      holds(request, 'bad') ? { status: 422, body: OWN } : 202,
    );
    await batches.deliver(claim);
    expect(sentBy(transport).map((sent) => sent.length)).toEqual([
      8, 4, 4, 2, 1, 1, 2,
    ]);
    expect(reporter.counters).toMatchObject({ delivered: 7, rejected: 0 });

    // Others got through since: it is refused once more, and given up.
    await access.append([eventOf('later')]);
    await clock.advance(1000);
    const again = await claimAll();
    expect(again.events.map(({ id }) => id)).toEqual(['bad', 'later']);
    await batches.deliver(again, again.events.slice(1));
    await batches.deliver(again, again.events.slice(0, 1));
    expect(reporter.counters).toMatchObject({ delivered: 8, rejected: 1 });
  });

  test('suspends when the account is refused, and gives up nothing', async () => {
    const { batches, claim, transport, breaker, reporter, waiting } =
      await claimed(['a', 'b']);
    transport.respondWith(403);
    await batches.deliver(claim);
    expect(breaker.suspended).toBe(true);
    expect(transport.requests).toHaveLength(1);
    expect(await waiting()).toEqual({ a: 1, b: 1 });
    expect(reporter.counters).toMatchObject({ rejected: 0, delivered: 0 });
  });

  test('makes everybody wait while ODP is away, and its other requests are not made', async () => {
    const { batches, claim, claimAll, transport, breaker, clock, waiting } =
      await claimed(['a', 'b']);
    await claim.retry(claim.events.slice(1), 0);
    await claim.release(claim.events.slice(0, 1));
    transport.respondWith(503);
    // One has failed before, and goes in a request of its own.
    await batches.deliver(await claimAll());
    expect(sentBy(transport)).toEqual([['a']]);
    expect(breaker.nextRequestAt).toBe(clock.monotonic() + 200);
    expect(await waiting()).toEqual({ a: 1, b: 1 });
  });

  test('waits for as long as ODP asks', async () => {
    const { batches, claim, transport, breaker } = await claimed(['a']);
    transport.respondWith(() => ({
      status: 429,
      headers: { 'retry-after': '7' },
    }));
    await batches.deliver(claim);
    expect(breaker.nextRequestAt).toBe(7000);
  });

  test('stops between its requests when ODP asks others for a pause', async () => {
    const { batches, breaker, claim, transport, waiting } = await claimed([
      'a',
      'b',
      'c',
      'd',
    ]);
    transport.respondWith((request) => {
      if (request.events.length === 4) return { status: 422, body: OWN };
      breaker.failed(3000);
      return 202;
    });
    await batches.deliver(claim);
    expect(sentBy(transport)).toEqual([
      ['a', 'b', 'c', 'd'],
      ['a', 'b'],
    ]);
    expect(await waiting()).toEqual({ c: 0, d: 0 });
  });

  test('does not begin during a pause that ODP asked others for', async () => {
    const { batches, breaker, claim, transport, waiting } = await claimed([
      'a',
    ]);
    breaker.failed(3000);
    breaker.succeeded();
    await batches.deliver(claim);
    expect([transport.requests, await waiting()]).toEqual([[], { a: 0 }]);
  });

  test('does not begin if delivery was paused while old events were given up', async () => {
    const { batches, claim, claimAll, clock, access, outbox, run, transport } =
      await claimed(['old']);
    await claim.release(claim.events);
    await clock.advance(100_000);
    await access.append([eventOf('young')]);
    const deadLetter = outbox.deadLetter.bind(outbox);
    vi.spyOn(outbox, 'deadLetter').mockImplementationOnce(async (...given) => {
      await clock.advance(10);
      run.pause();
      return deadLetter(...given);
    });
    await batches.deliver(await claimAll());
    expect(transport.requests).toEqual([]);
  });

  test('takes its turn at once, and gives back what its lease does not cover by then', async () => {
    const parts = await sendingParts({ maxRequestsPerSecond: 0.01 });
    const { access, batches, clock, rate, transport } = parts;
    await access.append(['a', 'b'].map((id) => eventOf(id)));
    const deliver = async () => {
      const claim = await access.claim({ limit: 1, lease: LEASE_MS });
      return batches.deliver(claim);
    };
    const first = deliver();
    await clock.advance(0);
    expect(rate.nextRequestAt).toBe(100_000);
    await first;
    const second = deliver();
    await clock.advance(100_000);
    await second;
    expect(sentBy(transport)).toEqual([['a']]);
  });

  test('lets only those events wait that fail while others get through', async () => {
    const { batches, claim, transport, breaker, evidence, clock, waiting } =
      await claimed(['a']);
    transport.respondWith(() => {
      evidence.gotThrough(evidence.start());
      return 500;
    });
    await batches.deliver(claim);
    expect([breaker.closed, await waiting()]).toEqual([true, {}]);
    await clock.advance(200);
    expect(await waiting()).toEqual({ a: 1 });
  });

  test('starts no request that might outlast the lease', async () => {
    const { batches, claim, transport, clock, waiting } = await claimed(
      ['bad', 'b'],
      15_000,
    );
    transport.respondWith(async () => {
      await clock.advance(6000);
      return {
        status: 400,
        body: { detail: { invalids: [{ event: 0, message: 'no' }] } },
      };
    });
    await batches.deliver(claim);
    expect(transport.requests).toHaveLength(1);
    expect(await waiting()).toEqual({ b: 0 });
  });

  test('gives everything back while delivery is paused', async () => {
    const { batches, claim, run, transport, waiting } = await claimed(['a']);
    run.pause();
    await batches.deliver(claim);
    expect([transport.requests, await waiting()]).toEqual([[], { a: 0 }]);
  });

  test('that the end of the app cuts off counts no failure', async () => {
    const { batches, claim, ended, transport, waiting, reporter } =
      await claimed(['a']);
    transport.respondWith(() => {
      ended.abort();
      return new Promise<number>(() => {});
    });
    await batches.deliver(claim);
    expect(await waiting()).toEqual({ a: 0 });
    expect(reporter.counters.retries).toBe(0);
  });

  test.each([403, 422, 503])(
    'whose account is replaced meanwhile learns nothing from its %i',
    async (status) => {
      const { batches, breaker, claim, transport, waiting } = await claimed([
        'a',
      ]);
      transport.respondWith(() => {
        breaker.reset(true);
        return status;
      });
      await batches.deliver(claim);
      expect([breaker.closed, await waiting()]).toEqual([true, { a: 0 }]);
    },
  );
});

describe('a probe', () => {
  test('carries one event, each time another, and gives the others back', async () => {
    const { batches, claim, claimAll, transport, waiting } = await claimed([
      'a',
      'b',
      'c',
    ]);
    transport.respondWith(503);
    await batches.probe(claim);
    await batches.probe(await claimAll());
    expect(sentBy(transport)).toEqual([['a'], ['c']]);
    expect(await waiting()).toEqual({ a: 1, b: 0, c: 1 });
  });

  test('that gets through closes the breaker', async () => {
    const { batches, breaker, claim, access } = await claimed(['a', 'b']);
    breaker.failed();
    await batches.probe(claim);
    expect([breaker.closed, access.counts().pending]).toEqual([true, 1]);
  });

  test('does not carry events that were refused while others got through: all but one are set aside', async () => {
    const { batches, claim, evidence, transport, clock, waiting } =
      await claimed(['X', 'Y', 'Z', 'a']);
    for (let time = 0; time < 2; time++) {
      for (const id of ['X', 'Y', 'Z']) evidence.refused(id);
      evidence.gotThrough(evidence.start());
    }
    transport.respondWith(503);
    await batches.probe(claim);
    expect(sentBy(transport)).toEqual([['a']]);
    expect(Object.keys(await waiting())).toEqual(['X', 'a']);
    // Not beyond the age at which they are given up.
    await clock.advance(100_000);
    expect(Object.keys(await waiting())).toContain('Y');
  });
});
