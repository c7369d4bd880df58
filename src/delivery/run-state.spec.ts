import { expect, test } from 'vitest';
import { deliveryParts } from '../../test/support/delivery-parts.js';
import { Flushes } from './flushes.js';
import { RunState } from './run-state.js';

async function state() {
  const { access, trigger, clock, awaited, ended } = await deliveryParts();
  const flushes = new Flushes(access, trigger, clock);
  const one = new RunState(awaited, flushes, ended.signal);
  return { one, awaited, flushes, ended };
}

test('the app can pause delivery', async () => {
  const { one } = await state();
  expect([one.isHeld, one.paused]).toEqual([false, false]);
  one.pause();
  expect([one.isHeld, one.paused]).toEqual([true, true]);
  one.resume();
  expect(one.isHeld).toBe(false);
});

test('an app that is ending sends for callers who await an event or a flush, then for nobody', async () => {
  const { one, awaited, flushes } = await state();
  one.serveCallers();
  expect([one.isHeld, one.isEnding]).toEqual([true, true]);
  const event = awaited.expect('a', '{}');
  expect(one.isHeld).toBe(false);
  awaited.delivered('a');
  await event.outcome;
  expect(one.isHeld).toBe(true);
  Object.defineProperty(flushes, 'any', { value: true });
  expect(one.isHeld).toBe(false);
  one.end();
  expect([one.isHeld, one.isEnding]).toEqual([true, true]);
});

test('a pause holds for callers, too, and nothing goes once the app has ended', async () => {
  const { one, awaited, ended } = await state();
  void awaited.expect('a', '{}');
  one.serveCallers();
  one.pause();
  expect(one.isHeld).toBe(true);
  one.resume();
  ended.abort();
  expect(one.isHeld).toBe(true);
});
