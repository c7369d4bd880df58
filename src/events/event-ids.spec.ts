import { expect, it } from 'vitest';
import { EventIds, ID_LENGTH } from './event-ids.js';

const UUID_V4 =
  /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

function next(ids: EventIds): string {
  const id = Buffer.alloc(ID_LENGTH);
  ids.write(id, 0);
  return id.toString('latin1');
}

it('makes UUIDs v4, no two alike, and uses every other bit', () => {
  const ids = new EventIds();
  const made = Array.from({ length: 5000 }, () => next(ids));
  for (const id of made) expect(id).toMatch(UUID_V4);
  expect(new Set(made).size).toBe(made.length);
  for (let at = 0; at < 36; at++) {
    const seen = new Set(made.map((id) => id[at]));
    const choices =
      [8, 13, 18, 23].includes(at) || at === 14 ? 1 : at === 19 ? 4 : 16;
    expect(seen.size).toBe(choices);
  }
});

it('two makers do not make the same ones', () => {
  const [one, other] = [new EventIds(), new EventIds()];
  const made = Array.from({ length: 500 }, () => [next(one), next(other)]);
  expect(new Set(made.flat()).size).toBe(1000);
});
