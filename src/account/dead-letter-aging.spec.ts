import { expect, test } from 'vitest';
import { quietContext, someEvents } from '../../test/support/outboxes.js';
import { memoryOutbox } from '../outbox/index.js';
import { ManualClock } from '../testing/index.js';
import { ageDeadLetters } from './dead-letter-aging.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** One dead letter in an outbox whose clock is not that of this process. */
async function aging(skew: number) {
  const clock = new ManualClock();
  const outbox = memoryOutbox();
  await outbox.open(
    quietContext({
      now: () => clock.now() + skew,
      deadLetterRetention: { maxAge: DAY, maxCount: 9, maxBytes: 9000 },
    }),
  );
  await outbox.append(someEvents(1));
  const claimed = await outbox.claim({ limit: 1, lease: HOUR });
  await outbox.deadLetter(claimed, { reason: 'expired', message: 'old' });
  ageDeadLetters(outbox, DAY, clock, new AbortController().signal);
  const left = async () => (await outbox.counts()).deadLetters;
  return { clock, left };
}

test.each([-3 * DAY, 0, 3 * DAY])(
  'dead letters age by the clock of the outbox, %d ms from that of this process',
  async (skew) => {
    const { clock, left } = await aging(skew);
    await clock.advance(DAY);
    expect(await left()).toBe(1);
    await clock.advance(HOUR);
    expect(await left()).toBe(0);
  },
);
