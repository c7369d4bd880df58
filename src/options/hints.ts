/** A short word, a number or a measure, such as `30 sec`: nothing that could be a key. */
const HARMLESS = /^(?:[a-z]{1,8}|-?\d{1,8}(?:[.,]\d{1,3})?\s?[A-Za-z]{0,7})$/;
const MAX_SHOWN_LENGTH = 12;

/**
 * A bad value, for a message about it. Text is shown only if it cannot be a key
 * that was pasted into the wrong option, or is one of `allowed`, misspelt.
 */
export function show(value: unknown, allowed: readonly string[] = []): string {
  if (typeof value === 'string') {
    const isHarmless =
      (value.length <= MAX_SHOWN_LENGTH && HARMLESS.test(value)) ||
      closest(value, allowed) !== undefined;
    if (isHarmless) return JSON.stringify(value);
    return `a text of ${value.length} ${value.length === 1 ? 'character' : 'characters'}`;
  }
  if (Array.isArray(value)) return 'a list';
  if (value === null || typeof value === 'number') return String(value);
  if (typeof value === 'boolean') return String(value);
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** The name that was probably meant; at most a third of the letters may differ. */
export function closest(
  name: string,
  names: readonly string[],
): string | undefined {
  let best: string | undefined;
  let least = Math.floor(name.length / 3) + 1;
  for (const one of names) {
    const distance = editsBetween(name.toLowerCase(), one.toLowerCase());
    if (distance >= least) continue;
    least = distance;
    best = one;
  }
  return best;
}

/** How many letters must be inserted, removed, replaced or swapped (Damerau–Levenshtein). */
function editsBetween(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = last[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      const isSwapped = from[i - 2] === to[j - 1] && from[i - 1] === to[j - 2];
      row.push(
        Math.min(
          replaced,
          last[j]! + 1,
          row[j - 1]! + 1,
          isSwapped ? beforeLast[j - 2]! + 1 : Infinity,
        ),
      );
    }
    beforeLast = last;
    last = row;
  }
  return last[to.length]!;
}
