import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { ByteBudget } from './byte-budget.js';

const texts = fc.array(
  fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.constant('ü')),
);

it('tells which text is one too many, to the byte', () => {
  fc.assert(
    fc.property(texts, fc.nat(200), (all, bytes) => {
      const budget = new ByteBudget(bytes);
      let used = 0;
      for (const text of all) {
        used += Buffer.byteLength(text);
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
