import { expect, test } from 'vitest';
import { eventOf } from '../../test/support/delivery-parts.js';
import { ManualClock } from '../testing/index.js';
import { BoundedOutbox } from './bounded-outbox.js';
import { memoryOutbox } from './memory/index.js';

test('what waited while the process was frozen has five seconds more', async () => {
  const manual = new ManualClock();
  let frozen = 0;
  const outbox = memoryOutbox();
  outbox.append = () => new Promise(() => {});
  const bounded = new BoundedOutbox(outbox, {
    now: () => manual.now(),
    monotonic: () => manual.monotonic() + frozen,
    schedule: manual.schedule.bind(manual),
  });
  const told: number[] = [];
  const send = async () => {
    await expect(bounded.append([eventOf('a')])).rejects.toThrow('within 5 s');
    told.push(manual.monotonic());
  };
  const sent = [send()];
  frozen = 8000;
  await manual.advance(5000);
  sent.push(send());
  await manual.advance(4999);
  expect(told).toEqual([]);
  await manual.advance(1);
  await Promise.all(sent);
  expect(told).toEqual([10_000, 10_000]);
});
