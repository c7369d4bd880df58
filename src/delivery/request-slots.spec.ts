import { expect, test } from 'vitest';
import {
  eventOf,
  sendingParts,
  sentBy,
} from '../../test/support/delivery-parts.js';
import { RequestSlots } from './request-slots.js';

/** Slots for two requests at once, whose answers `answer` gives in turn. */
async function slots(perSecond?: number) {
  const parts = await sendingParts({ maxRequestsPerSecond: perSecond });
  const { access, batches, breaker, clock, rate, run, transport } = parts;
  const one = new RequestSlots(batches, breaker, rate, run, 2);
  const answers: ((status: number) => void)[] = [];
  transport.respondWith(
    () => new Promise<number>((resolve) => answers.push(resolve)),
  );
  const answer = async (status: number) => {
    answers.shift()?.(status);
    await clock.advance(0);
  };
  let count = 0;
  /** Claims so many events and delivers them. */
  const deliver = async (size: number, isProbe = false) => {
    const events = Array.from({ length: size }, () => eventOf(`${count++}`));
    await access.append(events);
    const claim = await access.claim({ limit: size, lease: 60_000 });
    void one.deliver(claim, isProbe);
    await clock.advance(0);
  };
  return { ...parts, one, answer, deliver };
}

test('as many deliveries as there are slots; the end of one frees its slot', async () => {
  const { one, answer, deliver } = await slots();
  expect([one.free, one.freeAt]).toEqual([2, 0]);
  await deliver(3);
  expect([one.free, one.freeAt, one.inFlight]).toEqual([1, 0, 3]);
  await deliver(1);
  expect([one.free, one.freeAt, one.inFlight]).toEqual([0, Infinity, 4]);
  await answer(202);
  expect([one.free, one.freeAt, one.inFlight]).toEqual([1, 0, 1]);
});

test('a slot is freed whatever becomes of its delivery', async () => {
  const { one, batches, deliver } = await slots();
  batches.deliver = () => Promise.reject(new Error('a bug'));
  for (let n = 0; n < 3; n++) await deliver(1);
  expect([one.freeAt, one.inFlight]).toEqual([0, 0]);
});

test('after a failure one probe of one event goes, once the breaker has waited', async () => {
  const { one, clock, transport, breaker, answer, deliver } = await slots();
  expect(one.probeChoice).toBe(undefined);
  await deliver(1);
  await answer(503);
  expect([one.freeAt, one.nextRequestAt]).toEqual([200, 200]);
  await clock.advance(200);
  expect([one.free, one.freeAt, one.probeChoice]).toEqual([1, 0, 100]);
  await deliver(5, true);
  expect(one.free).toBe(0);
  expect([one.freeAt, one.inFlight]).toEqual([Infinity, 1]);
  expect(sentBy(transport)[1]).toHaveLength(1);
  await answer(503);
  expect(one.freeAt).toBe(clock.monotonic() + 400);
  await clock.advance(400);
  await deliver(1, true);
  await answer(202);
  expect([one.freeAt, breaker.closed, one.inFlight]).toEqual([0, true, 0]);
});

test('a probe beside busy slots leaves none free, and no fewer', async () => {
  const { one, breaker, clock, deliver } = await slots();
  await deliver(1);
  await deliver(1);
  breaker.failed();
  await clock.advance(200);
  await deliver(1, true);
  breaker.succeeded();
  expect([one.free, one.freeAt]).toEqual([0, Infinity]);
});

test('more events are a choice for probes that keep being refused, and no flush waits for them', async () => {
  const { one, breaker, clock } = await slots();
  for (let n = 0; n < 4; n++) {
    breaker.suspend(403, 'misconfigured');
    await clock.advance(60_000);
  }
  expect([one.probeChoice, one.nextRequestAt]).toEqual([1000, Infinity]);
});

test('nothing starts before the rate allows it', async () => {
  const { one, deliver } = await slots(1);
  // A second one would only wait.
  expect(one.free).toBe(1);
  await deliver(1);
  expect(one.freeAt).toBe(1000);
});

test('while delivery is held nothing starts, and old events must be looked for', async () => {
  const { one, run, breaker } = await slots();
  expect(one.isStopped).toBe(false);
  run.pause();
  expect([one.freeAt, one.isStopped]).toEqual([Infinity, true]);
  expect(one.nextRequestAt).toBe(Infinity);
  run.resume();
  breaker.failed();
  expect(one.isStopped).toBe(true);
  // An app that is ending leaves them to the next start.
  run.serveCallers();
  expect(one.isStopped).toBe(false);
});

test('idle once what is under way has ended', async () => {
  const { one, clock, answer, deliver } = await slots();
  await deliver(1);
  let isIdle = false;
  void one.idle().then(() => (isIdle = true));
  await clock.advance(1000);
  expect(isIdle).toBe(false);
  await answer(202);
  expect(isIdle).toBe(true);
});
