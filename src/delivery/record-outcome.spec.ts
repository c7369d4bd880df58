import { expect, test, vi } from 'vitest';
import { quietReporter } from '../../test/support/quiet-reporter.js';
import { quietContext } from '../../test/support/outboxes.js';
import { OdpOutboxError } from '../errors/index.js';
import { memoryOutbox } from '../outbox/index.js';
import { ManualClock } from '../testing/index.js';
import { AwaitedEvents } from './awaited.js';
import { BatchTrigger } from './batch-trigger.js';
import { OutboxAccess } from './outbox-access.js';
import { OutcomeRecorder } from './record-outcome.js';

/** Three events that are claimed for ten seconds. */
async function claimed() {
  const clock = new ManualClock();
  const reporter = quietReporter(clock);
  const abort = new AbortController();
  const outbox = memoryOutbox();
  const access = new OutboxAccess({
    outbox,
    context: quietContext({ now: () => clock.monotonic() }),
    clock,
    reporter,
    abort: abort.signal,
    opened: () => {},
    appended: () => {},
  });
  await access.open();
  await access.append(
    ['a', 'b', 'c'].map((id) => ({
      id,
      payload: JSON.stringify({ identifiers: { email: `${id}@example.com` } }),
      createdAt: 0,
      receipt: id,
    })),
  );
  const trigger = new BatchTrigger({ batchSize: 10, flushInterval: 60_000 });
  const awaited = new AwaitedEvents();
  const lease = 10_000;
  const events = await access.outbox.claim({ limit: 10, lease });
  const recorder = new OutcomeRecorder(
    {
      access,
      trigger,
      reporter,
      awaited,
      clock,
      maxEventAge: 1000,
      abort: abort.signal,
    },
    lease,
  );
  const fail = (doing: 'acknowledge' | 'release', times: number) => {
    const spy = vi.spyOn(outbox, doing);
    for (let n = 0; n < times; n++) {
      spy.mockImplementationOnce(() => {
        throw new OdpOutboxError('The store is away.');
      });
    }
    return spy;
  };
  const wait = (id: string) => awaited.expect(id, '{}').outcome;
  return {
    clock,
    reporter,
    access,
    trigger,
    abort,
    events,
    recorder,
    fail,
    wait,
  };
}

test('what ODP has leaves the outbox, and callers learn it', async () => {
  const { access, reporter, events, recorder, wait } = await claimed();
  const told = wait('a');
  await recorder.acknowledge(events);
  await told;
  expect(access.counts()).toMatchObject({ pending: 0, deadLetters: 0 });
  expect(reporter.counters).toMatchObject({ delivered: 3 });
});

test('what ODP rejects becomes a dead letter, with a reason that names nobody', async () => {
  const { access, events, recorder, wait } = await claimed();
  const told = expect(wait('b')).rejects.toMatchObject({ status: 400 });
  const message = 'no c@example.com here';
  const refusals = events.slice(1, 2).map((event) => ({ event, message }));
  await recorder.reject(refusals, 400, events);
  await told;
  expect(await access.outbox.deadLetters({}, { limit: 9 })).toMatchObject([
    { id: 'b', status: 400, message: 'no [identifier] here' },
  ]);
  expect(access.counts()).toMatchObject({ pending: 2, deadLetters: 1 });
});

test('what is too old is given up, and the rest returned', async () => {
  const { clock, events, recorder, wait } = await claimed();
  await clock.advance(0);
  const told = expect(wait('a')).rejects.toMatchObject({ code: 'expired' });
  const aged = events.map((event, n) => ({
    ...event,
    age: n === 0 ? 1000 : 0,
  }));
  const fresh = await recorder.expire(aged);
  await told;
  expect(fresh.map(({ id }) => id)).toEqual(['b', 'c']);
});

test('an outbox that fails is told again until the lease ends, then the events are due again', async () => {
  const { clock, reporter, trigger, events, recorder, fail } = await claimed();
  const release = fail('release', 1000);
  void recorder.release(events);
  await clock.advance(9_500);
  expect(trigger.nextAt).toBe(Infinity);
  await clock.advance(500);
  expect(trigger.nextAt).toBe(10_000);
  const calls = release.mock.calls.length;
  await clock.advance(5000);
  expect(release).toHaveBeenCalledTimes(calls);
  expect(reporter.counters.outboxFailures).toBe(calls);
});

test('once the app has ended, a failing outbox is not told again', async () => {
  const { clock, abort, events, recorder, fail } = await claimed();
  const acknowledge = fail('acknowledge', 1000);
  abort.abort();
  await recorder.acknowledge(events);
  await clock.advance(5000);
  expect(acknowledge).toHaveBeenCalledTimes(1);
});
