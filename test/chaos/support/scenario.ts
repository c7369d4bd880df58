/** What a run was about, in numbers. */
export type Figures = Readonly<Record<string, number | string | boolean>>;

/** Runs a scenario and undoes what it set up, last first, whatever came of it. */
export async function scenario<T>(
  run: (after: (undo: () => unknown) => void) => Promise<T>,
): Promise<T> {
  const undo: (() => unknown)[] = [];
  try {
    return await run((step) => undo.push(step));
  } finally {
    for (const step of undo.toReversed()) await step();
  }
}

/** Numbers from 0 up to 1 that are the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const newSeed = () => Math.floor(Math.random() * 2 ** 31);

/** A whole number from 1 to `most`. */
export const upTo = (most: number, random: () => number) =>
  1 + Math.floor(random() * most);
