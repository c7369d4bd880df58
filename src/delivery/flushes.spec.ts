import { expect, test } from 'vitest';
import { deliveryParts, eventOf } from '../../test/support/delivery-parts.js';
import { Flushes } from './flushes.js';

/** Flushes of an outbox whose checkpoints are as full as `left` says. */
async function flushes(left: { pending: number }, events = 1) {
  const parts = await deliveryParts();
  const { access, outbox, trigger, clock } = parts;
  for (let n = 0; n < events; n++) await access.append([eventOf(`${n}`)]);
  const asked = { times: 0, open: 0 };
  Object.assign(outbox, {
    checkpoint: () => {
      asked.open++;
      return {
        pending: () => {
          asked.times++;
          return left.pending;
        },
        close: () => asked.open--,
      };
    },
  });
  const one = new Flushes(access, trigger, clock);
  /** Starts one; the result says what it has resolved to. */
  const flush = async (timeout: number) => {
    const state: { pending?: number } = {};
    void one.flush(timeout).then((ended) => Object.assign(state, ended));
    await clock.advance(0);
    return state;
  };
  return { ...parts, one, flush, asked };
}

test('a flush wants everything there is sent now, and ends once nothing before it is pending', async () => {
  const left = { pending: 2 };
  const { one, flush, trigger, clock, asked } = await flushes(left);
  expect(trigger.isDue(clock.monotonic())).toBe(false);
  const first = await flush(1000);
  expect(trigger.isDue(clock.monotonic())).toBe(true);
  await one.endDone();
  await clock.advance(0);
  expect([first, one.any]).toEqual([{}, true]);
  left.pending = 0;
  await one.endDone();
  await clock.advance(0);
  expect([first, one.any, asked.open]).toEqual([{ pending: 0 }, false, 0]);
});

test('a flush ends when its time is over, whatever hangs', async () => {
  const { one, flush, clock } = await flushes({ pending: 1 }, 3);
  const soon = await flush(100);
  const later = await flush(200);
  await clock.advance(100);
  expect([soon, later]).toEqual([{ pending: 3 }, {}]);
  expect(clock.keepAliveTimers).toBe(1);
  one.endLate(0);
  await clock.advance(100);
  expect(later).toEqual({ pending: 3 });
});

test('a flush ends as soon as nothing can be sent in time', async () => {
  const { one, flush, clock } = await flushes({ pending: 1 });
  const soon = await flush(100);
  const later = await flush(300);
  one.endLate(200);
  await clock.advance(0);
  expect([soon, later]).toEqual([{ pending: 1 }, {}]);
});

test('once the app has ended, no flush waits', async () => {
  const { one, flush } = await flushes({ pending: 1 });
  const before = await flush(1000);
  one.end();
  expect([await flush(1000), before]).toEqual([{ pending: 1 }, { pending: 1 }]);
});

test('a flush of an outbox that is not open resolves with what is known', async () => {
  const { access, flush, asked } = await flushes({ pending: 1 }, 2);
  await access.close();
  expect([await flush(1000), asked.open]).toEqual([{ pending: 2 }, 0]);
});

test('an outbox that cannot count is reported, and asked again', async () => {
  const left = {
    get pending(): number {
      throw new Error('away');
    },
  };
  const { one, flush, reporter, clock } = await flushes(left);
  const ended = await flush(1000);
  await one.endDone();
  expect(reporter.counters.outboxFailures).toBe(1);
  Object.defineProperty(left, 'pending', { value: 0 });
  await one.endDone();
  await clock.advance(0);
  expect(ended).toEqual({ pending: 0 });
});

test('an outbox that is slow to count is asked by one call at a time, and once more for those meanwhile', async () => {
  const { one, flush, outbox, clock } = await flushes({ pending: 1 });
  const answers: ((pending: number) => void)[] = [];
  Object.assign(outbox, {
    checkpoint: () => ({
      pending: () => new Promise<number>((resolve) => answers.push(resolve)),
      close: () => {},
    }),
  });
  await flush(60_000);
  const asking = one.endDone();
  await one.endDone();
  await one.endDone();
  expect(answers).toHaveLength(1);
  answers[0]?.(1);
  await clock.advance(0);
  expect(answers).toHaveLength(2);
  answers[1]?.(0);
  await asking;
  expect(one.any).toBe(false);
});
