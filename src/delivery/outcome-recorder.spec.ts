import { expect, test } from 'vitest';
import { deliveryParts, eventOf } from '../../test/support/delivery-parts.js';
import { OutcomeRecorder } from './outcome-recorder.js';

/** Three events that are claimed for ten seconds, of which the outbox keeps none for longer than one. */
async function claimed() {
  const parts = await deliveryParts();
  const { access, awaited, reporter } = parts;
  await access.append(['a', 'b', 'c'].map((id) => eventOf(id, id)));
  const claim = await access.claim({ limit: 10, lease: 10_000 });
  const recorder = new OutcomeRecorder(access, awaited, reporter, 1000);
  const wait = (id: string) => awaited.expect(id, '{}').outcome;
  return { ...parts, claim, events: claim.events, recorder, wait };
}

test('what ODP has leaves the outbox, and callers learn it', async () => {
  const { access, reporter, claim, events, recorder, wait } = await claimed();
  const told = wait('a');
  await recorder.acknowledge(claim, events);
  await told;
  expect(access.counts()).toMatchObject({ pending: 0, deadLetters: 0 });
  expect(reporter.counters).toMatchObject({ delivered: 3 });
});

test('what ODP rejects becomes a dead letter, with a reason that names nobody', async () => {
  const { access, claim, events, recorder, wait } = await claimed();
  const told = expect(wait('b')).rejects.toMatchObject({ status: 400 });
  const message = 'no c@example.com here';
  const refusals = events.slice(1, 2).map((event) => ({ event, message }));
  await recorder.reject(claim, refusals, 400, events);
  await told;
  expect(await access.outbox.deadLetters({}, { limit: 9 })).toMatchObject([
    { id: 'b', status: 400, message: 'no [identifier] here' },
  ]);
  expect(access.counts()).toMatchObject({ pending: 2, deadLetters: 1 });
});

test('what is too old is given up, and the rest returned', async () => {
  const { clock, claim, events, recorder, wait } = await claimed();
  await clock.advance(0);
  const told = expect(wait('a')).rejects.toMatchObject({ code: 'expired' });
  const aged = events.map((event, n) => ({
    ...event,
    age: n === 0 ? 1000 : 0,
  }));
  const fresh = await recorder.expire(claim, aged);
  await told;
  expect(fresh.map(({ id }) => id)).toEqual(['b', 'c']);
});

test('an event that was erased while it was under way is reported as no loss', async () => {
  const { access, reporter, claim, events, recorder } = await claimed();
  await access.erase({ email: 'a@example.com' });
  const refusals = events.slice(0, 1).map((event) => ({ event, message: '' }));
  await recorder.reject(claim, refusals, 400, events);
  expect(reporter.counters.rejected).toBe(0);
  expect(access.counts()).toMatchObject({ pending: 2, deadLetters: 0 });
});

test('no wait lasts beyond the age at which an event must be given up', async () => {
  const { clock, access, claim, events, recorder } = await claimed();
  await clock.advance(400);
  const aged = events.map((event) => ({ ...event, age: 400 }));
  await recorder.retry(claim, aged.slice(0, 1), 30_000);
  await recorder.setAside(claim, aged.slice(1), 30_000);
  await clock.advance(599);
  expect(await access.outbox.claim({ limit: 9, lease: 1 })).toEqual([]);
  await clock.advance(1);
  const due = await access.outbox.claim({ limit: 9, lease: 1 });
  expect(
    due.map(({ failedAttempts }) => failedAttempts).toSorted((a, b) => a - b),
  ).toEqual([0, 0, 1]);
});
