import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { UnderWay } from './under-way.js';

function waiting(underWay: UnderWay) {
  const seen = { over: false };
  void underWay.ended().then(() => (seen.over = true));
  return seen;
}

test('what is under way is waited for, and nothing that begins later', async () => {
  const underWay = new UnderWay();
  await underWay.ended();
  const [first, second] = [underWay.begin(), underWay.begin()];
  const before = waiting(underWay);
  const third = underWay.begin();
  underWay.end(first);
  await setImmediate();
  expect(before.over).toBe(false);
  underWay.end(second);
  await setImmediate();
  expect(before.over).toBe(true);
  underWay.end(third);
});

test('each waits for what others wait for as well', async () => {
  const underWay = new UnderWay();
  const first = underWay.begin();
  const one = waiting(underWay);
  const two = waiting(underWay);
  const second = underWay.begin();
  const three = waiting(underWay);
  underWay.end(second);
  await setImmediate();
  expect([one.over, two.over, three.over]).toEqual([false, false, false]);
  underWay.end(first);
  await setImmediate();
  expect([one.over, two.over, three.over]).toEqual([true, true, true]);
});

test('work that ends while nobody waits is forgotten', async () => {
  const underWay = new UnderWay();
  underWay.end(underWay.begin());
  await underWay.ended();
  underWay.end(underWay.begin());
  await underWay.ended();
});
