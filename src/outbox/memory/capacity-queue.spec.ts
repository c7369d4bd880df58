import { expect, it } from 'vitest';
import { OdpOutboxFullError, OdpTimeoutError } from '../../errors/index.js';
import { CapacityQueue } from './capacity-queue.js';

const list = (...sizes: number[]) =>
  sizes.map((size, i) => ({
    id: `e${i}`,
    payload: 'x'.repeat(size),
    createdAt: 0,
  }));

/** A queue of ten characters; nothing gets in unless `open`. */
function queue() {
  const door = { open: false };
  const taken: number[] = [];
  const one = new CapacityQueue(10, (events) => {
    if (door.open) taken.push(events.length);
    return door.open;
  });
  return { one, door, taken };
}

it('lets in at once what fits, unless others wait', async () => {
  const { one, door, taken } = queue();
  door.open = true;
  expect(one.enter(list(1))).toBeUndefined();
  door.open = false;
  const first = one.enter(list(1, 1));
  door.open = true;
  const second = one.enter(list(1));
  expect(second).toBeInstanceOf(Promise);
  expect(one.admit()).toBe(true);
  await Promise.all([first, second]);
  expect(taken).toEqual([1, 2, 1]);
  expect(one.admit()).toBe(false);
});

it('lets wait exactly what it may hold, and as much again once that is in', async () => {
  const { one, door } = queue();
  for (let round = 0; round < 3; round++) {
    door.open = false;
    const waiting = one.enter(list(4, 6));
    expect(() => one.enter(list(1))).toThrow(OdpOutboxFullError);
    expect(() => one.enter(list(1))).toThrow(
      '2 events of 10 bytes are already waiting for capacity',
    );
    door.open = true;
    one.admit();
    await waiting;
  }
});

it('takes nothing of a caller whose time is over already', async () => {
  const { one, door, taken } = queue();
  const late = one.enter(list(10), AbortSignal.abort());
  await expect(late).rejects.toThrow(OdpTimeoutError);
  await expect(late).rejects.toThrow('The outbox was full until the timeout.');
  const next = one.enter(list(10));
  door.open = true;
  one.admit();
  await next;
  expect(taken).toEqual([1]);
});

it('leaves nothing of a caller behind whose signal goes on', async () => {
  const { one, door } = queue();
  const abort = new AbortController();
  for (let i = 0; i < 3; i++) {
    door.open = false;
    const waiting = one.enter(list(1), abort.signal);
    door.open = true;
    one.admit();
    await waiting;
  }
  abort.abort();
  door.open = false;
  const waiting = one.enter(list(10));
  expect(() => one.enter(list(1))).toThrow(
    '1 events of 10 bytes are already waiting',
  );
  one.close();
  await expect(waiting).rejects.toThrow(OdpOutboxFullError);
  await expect(waiting).rejects.toThrow('full until it was closed');
});
