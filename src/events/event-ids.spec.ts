import { expect, it } from 'vitest';
import { EventIds, ID_LENGTH } from './event-ids.js';

const UUID_V4 =
  /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

it('writes UUIDs v4, no two alike, at the given offset, and returns them', () => {
  const ids = new EventIds();
  const made = Array.from({ length: 5000 }, () => {
    const text = Buffer.alloc(ID_LENGTH + 2, '_');
    const id = ids.write(text, 1);
    expect(text.toString('latin1', 1, 1 + ID_LENGTH)).toBe(id);
    return text.toString('latin1');
  });
  for (const text of made) {
    expect(text.slice(1, -1)).toMatch(UUID_V4);
    expect(text.at(0)).toBe('_');
    expect(text.at(-1)).toBe('_');
  }
  expect(new Set(made).size).toBe(made.length);
});

it('makes every digit at random but those that say what it is', () => {
  const ids = new EventIds();
  const seen = Array.from({ length: ID_LENGTH }, () => new Set<string>());
  for (let made = 0; made < 1000; made++) {
    const id = ids.write(Buffer.alloc(ID_LENGTH), 0);
    for (const [at, digit] of [...id].entries()) seen[at]!.add(digit);
  }
  const counts = seen.map(({ size }) => size);
  const hex = (digits: number) => Array<number>(digits).fill(16);
  expect(counts).toEqual(
    [hex(8), 1, hex(4), 1, 1, hex(3), 1, 4, hex(3), 1, hex(12)].flat(),
  );
});
