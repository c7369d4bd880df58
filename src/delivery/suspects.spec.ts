import { expect, test } from 'vitest';
import { Suspects } from './suspects.js';

test('an event is to blame once others got through between two of its refusals', () => {
  const suspects = new Suspects();
  expect(suspects.refused('a', 5)).toBe(0);
  expect(suspects.refused('a', 5)).toBe(0);
  expect(suspects.refused('a', 6)).toBe(1);
  expect(suspects.refused('a', 6)).toBe(1);
  expect(suspects.refused('a', 9)).toBe(2);
});

test('what was given up is forgotten, and so is the first of more than 1000', () => {
  const suspects = new Suspects();
  suspects.refused('a', 0);
  suspects.forget('a');
  expect(suspects.refused('a', 1)).toBe(0);
  for (let n = 0; n < 1000; n++) suspects.refused(String(n), 1);
  expect(suspects.refused('a', 2)).toBe(0);
});

test('an event that fails with others getting through in between fails by itself', () => {
  const suspects = new Suspects();
  expect(suspects.failed('a', 5)).toBe(false);
  expect(suspects.failed('a', 5)).toBe(false);
  expect(suspects.failed('a', 6)).toBe(true);
  expect(suspects.failed('a', 6)).toBe(false);
});

test('an event that was refused and then delivered clears all others', () => {
  const suspects = new Suspects();
  suspects.refused('a', 0);
  expect(suspects.refused('a', 1)).toBe(1);
  suspects.refused('b', 1);
  suspects.delivered([{ id: 'c' }]);
  expect(suspects.refused('a', 2)).toBe(2);
  suspects.delivered([{ id: 'b' }, { id: 'd' }]);
  expect(suspects.refused('a', 3)).toBe(1);
});
