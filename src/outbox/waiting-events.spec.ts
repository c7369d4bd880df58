import { expect, it } from 'vitest';
import type { OutboxEvent } from './outbox.js';
import { WaitingEvents } from './waiting-events.js';

const hanging = () => new Promise<void>(() => {});

const event = (size = 2): OutboxEvent => ({
  id: 'a',
  payload: 'x'.repeat(size),
  createdAt: 0,
});

it('is bounded in number', async () => {
  const waiting = new WaitingEvents('Redis');
  const many = Array.from({ length: 100_000 }, () => event());
  void waiting.during(many, hanging);
  await expect(waiting.during([event()], hanging)).rejects.toThrow(
    /^100000 events .*are waiting for Redis/,
  );
});

it('is bounded in size', async () => {
  const waiting = new WaitingEvents('Redis');
  const size = 40 * 1024 * 1024;
  let resolve!: () => void;
  const stored = new Promise<void>((done) => (resolve = done));
  const first = waiting.during([event(size)], () => stored);
  await expect(waiting.during([event(size)], hanging)).rejects.toThrow(
    'no more are accepted',
  );
  resolve();
  await first;
  await waiting.during([event(size)], async () => {});
});

it('takes a list of any size if it is alone', async () => {
  const waiting = new WaitingEvents('Redis');
  await waiting.during([event(70 * 1024 * 1024)], async () => {});
});
