import { expect, it } from 'vitest';
import { ID_LENGTH, writeEventId } from './event-ids.js';

const UUID_V4 =
  /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

it('writes UUIDs v4, no two alike, at the given offset, and returns them', () => {
  const made = Array.from({ length: 5000 }, () => {
    const text = Buffer.alloc(ID_LENGTH + 2, '_');
    const id = writeEventId(text, 1);
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
