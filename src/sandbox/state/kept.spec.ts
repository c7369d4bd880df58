import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Kept } from './kept.js';

describe('Kept', () => {
  it('keeps the newest items, at least up to the weight and no item more', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.array(fc.integer({ min: 1, max: 20 })),
        (most, weights) => {
          const kept = new Kept<number>(most);
          const gone = weights.flatMap((w, i) => kept.add(i, w, 0));
          const left = [...kept];
          expect([...gone, ...left]).toEqual(weights.map((_, i) => i));
          const weigh = (items: number[]) =>
            items.reduce((sum, i) => sum + weights[i]!, 0);
          if (gone.length > 0) expect(weigh(left)).toBeGreaterThanOrEqual(most);
          expect(weigh(left.slice(1))).toBeLessThan(most);
        },
      ),
    );
  });

  it('keeps less of what is large, but always the newest', () => {
    const kept = new Kept<string>(1000);
    const large = 200 * 1024 * 1024;
    kept.add('a', 1, large);
    expect(kept.add('b', 1, large)).toEqual(['a']);
    expect(kept.add('c', 1, 2 * large)).toEqual(['b']);
    expect([...kept]).toEqual(['c']);
  });

  it('finds where a condition starts to hold, however much has gone', () => {
    const kept = new Kept<number>(100);
    for (let i = 0; i < 5000; i++) kept.add(i, 1, 0);
    expect(kept.length).toBe(100);
    expect(kept.firstIndex((i) => i > 4949)).toBe(50);
    expect(kept.at(50)).toBe(4950);
    expect(kept.firstIndex(() => false)).toBe(100);
  });
});
