import { expect, test, vi } from 'vitest';
import {
  eventOf,
  sendingParts,
  sentBy,
} from '../../test/support/delivery-parts.js';
import { BatchClaims } from './batch-claims.js';
import type { ResolvedDelivery } from './delivery-options.js';
import { Dispatcher } from './dispatcher.js';
import { ExpiryScan } from './expiry-scan.js';
import { RequestSlots } from './request-slots.js';

/** A dispatcher that runs, of batches of two events and two requests at once. */
async function dispatching(given: Partial<ResolvedDelivery> = {}) {
  const parts = await sendingParts({
    batchSize: 2,
    maxConcurrentRequests: 2,
    ...given,
  });
  const { access, batches, breaker, clock, flushes, limit, options } = parts;
  const { rate, recorder, run, transport, trigger, wakeTimer } = parts;
  const slots = new RequestSlots(
    batches,
    breaker,
    rate,
    run,
    options.maxConcurrentRequests,
  );
  const one = new Dispatcher(
    access,
    new BatchClaims(access, trigger, limit, clock, options),
    slots,
    new ExpiryScan(access, recorder, clock, options),
    flushes,
    wakeTimer,
  );
  const state = { hasEnded: false };
  void one.run().then(() => (state.hasEnded = true));
  let count = 0;
  /** Events come in one by one. */
  const append = async (howMany: number) => {
    for (let n = 0; n < howMany; n++)
      await access.append([eventOf(`${++count}`)]);
    await clock.advance(0);
  };
  /** Requests wait for `answer`. */
  const hang = () => {
    const answers: ((status: number) => void)[] = [];
    transport.respondWith(
      () => new Promise<number>((resolve) => answers.push(resolve)),
    );
    return async (status = 202) => {
      answers.shift()?.(status);
      await clock.advance(0);
    };
  };
  return { ...parts, one, slots, state, append, hang };
}

test('a full batch goes at once, a lone event after flushInterval', async () => {
  const { append, clock, transport } = await dispatching();
  await append(3);
  expect(sentBy(transport)).toEqual([['1', '2']]);
  await clock.advance(999);
  expect(transport.requests).toHaveLength(1);
  await clock.advance(1);
  expect(sentBy(transport)).toEqual([['1', '2'], ['3']]);
});

test('no more requests are under way than allowed; each that ends makes room for the next', async () => {
  const { append, hang, slots, transport } = await dispatching();
  const answer = hang();
  await append(8);
  expect(sentBy(transport)).toEqual([
    ['1', '2'],
    ['3', '4'],
  ]);
  expect(slots.inFlight).toBe(4);
  await answer();
  expect(sentBy(transport)[2]).toEqual(['5', '6']);
  await answer();
  await answer();
  expect(sentBy(transport)[3]).toEqual(['7', '8']);
});

test('a claim takes several batches, as many as may go', async () => {
  const { access, append, clock, hang, outbox, transport } = await dispatching({
    maxConcurrentRequests: 4,
  });
  const answer = hang();
  await append(2);
  const claim = vi.spyOn(outbox, 'claim');
  await access.append(Array.from({ length: 9 }, (_, n) => eventOf(`n${n}`)));
  await clock.advance(0);
  expect(sentBy(transport)).toEqual([
    ['1', '2'],
    ['n0', 'n1'],
    ['n2', 'n3'],
    ['n4', 'n5'],
  ]);
  expect(claim.mock.calls.map(([{ limit }]) => limit)).toEqual([4, 2]);
  await answer();
  expect(sentBy(transport)[4]).toEqual(['n6', 'n7']);
});

test('one claim is made at a time, and deliveries end meanwhile', async () => {
  const { append, hang, outbox, slots, reporter } = await dispatching();
  const answer = hang();
  await append(2);
  const claim = outbox.claim.bind(outbox);
  const waiting: (() => void)[] = [];
  Object.assign(outbox, {
    claim: (request: Parameters<typeof claim>[0]) =>
      new Promise((resolve) => waiting.push(() => resolve(claim(request)))),
  });
  await append(4);
  await append(4);
  expect([waiting.length, slots.inFlight]).toEqual([1, 2]);
  await answer();
  expect([waiting.length, reporter.counters.delivered]).toEqual([1, 2]);
  waiting.shift()?.();
  await answer();
  expect([waiting.length, slots.inFlight]).toEqual([1, 2]);
});

test('what a claim returns after a request has failed waits, too', async () => {
  const { append, clock, hang, outbox, transport } = await dispatching();
  const answer = hang();
  await append(2);
  const claim = outbox.claim.bind(outbox);
  const waiting: (() => void)[] = [];
  const asked = vi
    .spyOn(outbox, 'claim')
    .mockImplementationOnce(
      (request) =>
        new Promise((resolve) => waiting.push(() => resolve(claim(request)))),
    );
  await append(2);
  expect(asked).toHaveBeenCalledTimes(1);
  await answer(503);
  waiting.shift()?.();
  await clock.advance(199);
  expect(transport.requests).toHaveLength(1);
  transport.respondWith(202);
  await clock.advance(1);
  const [probe, ...rest] = sentBy(transport).slice(1);
  expect(probe).toHaveLength(1);
  expect(new Set([...probe!, ...rest.flat()])).toEqual(
    new Set(['1', '2', '3', '4']),
  );
});

test('an outbox that fails is asked again after a second', async () => {
  const { append, clock, outbox, transport } = await dispatching();
  const claim = vi.spyOn(outbox, 'claim').mockImplementationOnce(() => {
    throw new Error('away');
  });
  await append(4);
  await clock.advance(999);
  expect([claim.mock.calls.length, transport.requests.length]).toEqual([1, 0]);
  await clock.advance(1);
  expect(transport.requests).toHaveLength(2);
});

test('after an outage one event is tried, then everything else goes', async () => {
  const { append, clock, transport } = await dispatching();
  transport.respondWith(503);
  await append(6);
  const failed = transport.requests.length;
  transport.respondWith(202);
  await clock.advance(199);
  expect(transport.requests).toHaveLength(failed);
  await clock.advance(1);
  const [probe, ...rest] = sentBy(transport).slice(failed);
  expect(probe).toHaveLength(1);
  expect(rest.flat()).toHaveLength(5);
});

test('an event that comes in during a probe goes as soon as that has got through', async () => {
  const { append, clock, hang, transport } = await dispatching();
  transport.respondWith(503);
  await append(1);
  await clock.advance(1000);
  const answer = hang();
  await clock.advance(200);
  await append(1);
  await clock.advance(500);
  expect(sentBy(transport).slice(1)).toEqual([['1']]);
  transport.respondWith(202);
  await answer();
  expect(sentBy(transport).slice(2)).toEqual([['2']]);
});

test('while nothing may be sent, events that grow too old are given up', async () => {
  const { append, clock, reporter, run, transport } = await dispatching({
    maxEventAge: 5000,
  });
  run.pause();
  await append(3);
  await clock.advance(4999);
  expect(reporter.counters.expired).toBe(0);
  await clock.advance(1);
  expect(reporter.counters.expired).toBe(3);
  expect(transport.requests).toEqual([]);
});

test('a flush ends when what it waits for is delivered, or at once if nothing can be', async () => {
  const { append, hang, flushes, run, wakeTimer, clock } = await dispatching();
  const answer = hang();
  await append(1);
  const left: number[] = [];
  const flush = () =>
    void flushes.flush(60_000).then(({ pending }) => left.push(pending));
  flush();
  await clock.advance(0);
  expect(left).toEqual([]);
  await answer();
  expect(left).toEqual([0]);

  run.pause();
  await append(1);
  flush();
  wakeTimer.wake();
  await clock.advance(0);
  expect(left).toEqual([0, 1]);
});

test('it is idle once claims and deliveries under way have ended', async () => {
  const { append, hang, one, clock } = await dispatching();
  const answer = hang();
  await append(2);
  let isIdle = false;
  void one.idle().then(() => (isIdle = true));
  await clock.advance(0);
  expect(isIdle).toBe(false);
  await answer();
  expect(isIdle).toBe(true);
});

test('it ends with the app, leaves no timer, and no flush waits any more', async () => {
  const { append, ended, flushes, run, wakeTimer, clock, state } =
    await dispatching();
  run.pause();
  await append(1);
  const flush = flushes.flush(60_000);
  ended.abort();
  wakeTimer.wake();
  expect(await flush).toEqual({ pending: 1 });
  expect([state.hasEnded, clock.pendingTimers]).toEqual([true, 0]);
});

test('it ends when the app has closed the store', async () => {
  const { append, outbox, transport, state } = await dispatching();
  Object.defineProperty(outbox, 'storeClosed', { value: true });
  await append(2);
  expect([state.hasEnded, transport.requests]).toEqual([true, []]);
});
