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

test('what was delivered is forgotten, and so is the first of more than 1000', () => {
  const suspects = new Suspects();
  suspects.refused('a', 0);
  suspects.forget([{ id: 'a' }]);
  expect(suspects.refused('a', 1)).toBe(0);
  for (let n = 0; n < 1000; n++) suspects.refused(String(n), 1);
  expect(suspects.refused('a', 2)).toBe(0);
});
