import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { ByteBudget } from './byte-budget.js';

const texts = fc.array(
  fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.constant('ü')),
);

it('tells which text is one too many, to the byte', () => {
  fc.assert(
    fc.property(texts, fc.nat(200), fc.nat(2), (all, bytes, between) => {
      const budget = new ByteBudget(bytes, between);
      let used = 0;
      for (const text of all) {
        used += Buffer.byteLength(text) + between;
        expect(budget.spend(text)).toBe(used <= bytes);
        if (used > bytes) break;
      }
    }),
    { numRuns: 1000 },
  );
});

it('may be without end', () => {
  expect(new ByteBudget(Infinity).spend('x')).toBe(true);
});
