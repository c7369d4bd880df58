import { expect, test } from 'vitest';
import {
  deliveryParts,
  eventOf,
  recordedClient,
  sentBy,
} from '../../test/support/delivery-parts.js';
import { CredentialsHolder } from '../odp/index.js';
import { memoryOutbox } from '../outbox/index.js';
import { RecordingOdpTransport } from '../testing/index.js';
import { Delivery } from './delivery.js';
import { resolveDelivery } from './delivery-options.js';

const FOREVER = { maxAge: Infinity, maxCount: Infinity, maxBytes: Infinity };

/** An account's delivery on a memory outbox and a recorded line to ODP. */
async function delivering(outbox = memoryOutbox()) {
  const { clock, reporter } = await deliveryParts();
  const transport = new RecordingOdpTransport();
  const credentials = new CredentialsHolder({
    apiKey: 'key',
    apiHost: 'https://odp',
  });
  const one = new Delivery(
    { delivery: resolveDelivery({}, []), outbox, deadLetters: FOREVER },
    recordedClient(transport, clock, 10_000, credentials),
    reporter,
    clock,
    () => 0,
  );
  /** Deadlines in so many ms. */
  const until = (claims: number, requests = claims) => {
    const now = clock.monotonic();
    return { claims: now + claims, requests: now + requests };
  };
  const hang = () => transport.respondWith(() => new Promise<number>(() => {}));
  /** An event that a caller awaits. */
  const awaited = async (id: string) => {
    const event = eventOf(id, id);
    const wait = one.awaited.expect(id, event.payload);
    await one.append([event]);
    wait.accepted();
    return wait.outcome;
  };
  return {
    clock,
    reporter,
    transport,
    credentials,
    outbox,
    one,
    until,
    hang,
    awaited,
  };
}

test('an event is accepted, sent and counted', async () => {
  const { one, clock, transport, reporter } = await delivering();
  await one.open();
  await one.append([eventOf('a')]);
  expect(one.counts().pending).toBe(1);
  await clock.advance(1000);
  expect(sentBy(transport)).toEqual([['a']]);
  expect([one.counts().pending, one.inFlight]).toEqual([0, 0]);
  expect(reporter.counters).toMatchObject({ accepted: 1, delivered: 1 });
});

test('nothing is accepted before the outbox is open', async () => {
  const { one } = await delivering();
  expect(() => one.append([eventOf('a')])).toThrow('not open yet');
});

test('what an earlier run left behind is sent once the outbox is open', async () => {
  const outbox = memoryOutbox();
  const first = await delivering(outbox);
  await first.one.open();
  first.one.pause();
  await first.one.append([eventOf('a')]);
  expect(await first.one.close(first.until(0))).toBe(1);
  const second = await delivering(outbox);
  await second.one.open();
  await second.clock.advance(0);
  expect(sentBy(second.transport)).toEqual([['a']]);
});

test('an awaited event goes at once, and its caller learns what became of it', async () => {
  const { one, clock, transport, awaited } = await delivering();
  await one.open();
  const told = awaited('a');
  await clock.advance(0);
  await told;
  transport.respondWith(() => ({
    status: 400,
    body: { detail: { invalids: [{ event: 0, message: 'no' }] } },
  }));
  const refused = expect(awaited('b')).rejects.toMatchObject({
    code: 'rejected',
  });
  await clock.advance(0);
  await refused;
});

test('while delivery is paused events are accepted, and no flush waits', async () => {
  const { one, clock, transport } = await delivering();
  await one.open();
  one.pause();
  await one.append([eventOf('a')]);
  expect([one.paused, await one.flush(60_000)]).toEqual([true, { pending: 1 }]);
  await clock.advance(60_000);
  expect(transport.requests).toEqual([]);
  one.resume();
  await clock.advance(0);
  expect([one.paused, sentBy(transport)]).toEqual([false, [['a']]]);
});

test('a pause ends a flush that waits for ODP to be back', async () => {
  const { one, clock, transport } = await delivering();
  await one.open();
  transport.respondWith(503);
  await one.append([eventOf('a')]);
  let left: number | undefined;
  void one.flush(60_000).then(({ pending }) => (left = pending));
  await clock.advance(0);
  expect([transport.requests.length, left]).toEqual([1, undefined]);
  one.pause();
  await clock.advance(0);
  expect(left).toBe(1);
});

test('another key ends a suspension at once; without one, everything waits', async () => {
  const { one, clock, transport, credentials } = await delivering();
  await one.open();
  transport.respondWith(403);
  await one.append([eventOf('a')]);
  await clock.advance(1000);
  expect(one.suspended).toBe(true);
  transport.clear();

  credentials.set(undefined);
  one.credentialsChanged();
  await clock.advance(60_000);
  expect([one.suspended, transport.requests]).toEqual([false, []]);

  credentials.set({ apiKey: 'other', apiHost: 'https://odp' });
  one.credentialsChanged();
  await clock.advance(0);
  expect(sentBy(transport)).toEqual([['a']]);
});

test('who awaits an erased event learns it, and a flush does not wait for it', async () => {
  const { one, clock, awaited, hang } = await delivering();
  await one.open();
  hang();
  const told = expect(awaited('a')).rejects.toMatchObject({ code: 'erased' });
  await clock.advance(0);
  const flush = one.flush(60_000);
  await clock.advance(0);
  expect(await one.erase({ email: 'a@example.com' })).toEqual({
    pending: 1,
    deadLetters: 0,
  });
  await told;
  await clock.advance(0);
  expect(await flush).toEqual({ pending: 0 });
});

test('an event that makes room for a newer one is reported, and its caller told', async () => {
  const { one, reporter, awaited } = await delivering(
    memoryOutbox({ capacity: 1, whenFull: 'drop-oldest' }),
  );
  await one.open();
  one.pause();
  const told = expect(awaited('a')).rejects.toMatchObject({
    code: 'outboxFull',
  });
  await one.append([eventOf('b')]);
  await told;
  expect([one.counts().pending, reporter.counters.dropped]).toEqual([1, 1]);
});

test('closing delivers what there is, and no timer is left', async () => {
  const { one, clock, transport, until } = await delivering();
  await one.open();
  await one.append([eventOf('a')]);
  const closed = one.close(until(5000));
  await clock.advance(0);
  expect(await closed).toBe(0);
  expect(sentBy(transport)).toEqual([['a']]);
  expect(clock.pendingTimers).toBe(0);
});

test('closing cuts off what takes too long, and says how many events stay behind', async () => {
  const { one, clock, hang, until, awaited } = await delivering();
  await one.open();
  hang();
  const told = expect(awaited('a')).rejects.toMatchObject({ code: 'timeout' });
  await one.append([eventOf('b')]);
  let left: number | undefined;
  void one.close(until(4000, 5000)).then((count) => (left = count));
  await clock.advance(4999);
  expect([left, one.inFlight]).toEqual([undefined, 2]);
  await clock.advance(1);
  expect([left, one.inFlight]).toEqual([2, 0]);
  await told;
});

test('closing ends a second after its time whatever hangs, and claims to know nothing', async () => {
  const { one, clock, outbox, until } = await delivering();
  await one.open();
  await one.append([eventOf('a')]);
  Object.assign(outbox, { counts: () => new Promise(() => {}) });
  one.pause();
  const end: { left?: number | undefined } = { left: -1 };
  void one.close(until(3000)).then((left) => (end.left = left));
  await clock.advance(3999);
  expect(end.left).toBe(-1);
  await clock.advance(1);
  expect(end.left).toBe(undefined);
});

test('after handing over, only what callers wait for is sent', async () => {
  const { one, clock, transport, until, awaited } = await delivering();
  await one.open();
  await one.append([eventOf('before')]);
  const handedOver = one.handOver(until(5000));
  await clock.advance(0);
  await handedOver;
  expect(sentBy(transport)).toEqual([['before']]);
  await one.append([eventOf('after')]);
  await clock.advance(60_000);
  expect(transport.requests).toHaveLength(1);
  const told = awaited('awaited');
  await clock.advance(0);
  await told;
  expect(sentBy(transport).slice(1)).toEqual([['after', 'awaited']]);
});
