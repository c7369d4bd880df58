import { expect, it, vi } from 'vitest';
import { Chunk } from './chunk.js';

const COUNT = 500;

const newChunk = () => {
  const events = Array.from({ length: COUNT }, (_, n) => ({
    id: `${n}`,
    payload: '{}',
    createdAt: 0,
  }));
  const [chunk] = Chunk.cut(events, 1, { opening: 'one', since: 0 });
  if (chunk === undefined) throw new TypeError('There is no chunk.');
  return chunk;
};

it('copies each payload that is left a few times at most, however its events are acknowledged', () => {
  const copied = vi.spyOn(Buffer, 'from');
  const atOnce = newChunk();
  for (let index = 0; index < COUNT; index++) atOnce.finish(index);
  for (let index = 0; index < COUNT; index++) atOnce.forget(index);
  const oneByOne = newChunk();
  for (let index = 0; index < COUNT; index++) {
    oneByOne.finish(index);
    oneByOne.forget(index);
  }
  expect(copied.mock.calls.length).toBeLessThanOrEqual(2 * COUNT);
  copied.mockRestore();
});
