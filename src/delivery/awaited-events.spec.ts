import { expect, test } from 'vitest';
import { OdpRejectedError } from '../errors/index.js';
import { AwaitedEvents } from './awaited-events.js';

const payload = (n: string) => JSON.stringify({ identifiers: { n } });

test('each caller gets the outcome of its own event, once', async () => {
  const awaited = new AwaitedEvents();
  const a = awaited.expect('a', payload('1'));
  const b = awaited.expect('b', payload('2'));
  expect(awaited.any).toBe(true);
  awaited.delivered('a');
  awaited.givenUp('a', () => new OdpRejectedError(400, 'too late'));
  awaited.givenUp('b', () => new OdpRejectedError(400, 'no'));
  awaited.delivered('nobody');
  awaited.delivered(undefined);
  await expect(a.outcome).resolves.toBeUndefined();
  await expect(b.outcome).rejects.toBeInstanceOf(OdpRejectedError);
  expect(awaited.any).toBe(false);
});

test('only events that the outbox has are looked up, or erased', async () => {
  const awaited = new AwaitedEvents();
  const a = awaited.expect('a', payload('1'));
  const b = awaited.expect('b', payload('1'));
  const c = awaited.expect('c', payload('2'));
  expect(awaited.receipts).toEqual([]);
  a.accepted();
  c.accepted();
  expect(awaited.receipts).toEqual(['a', 'c']);
  expect(awaited.naming({ n: '1', email: 'none' })).toEqual(['a']);
  awaited.erased('a');
  await expect(a.outcome).rejects.toMatchObject({ code: 'erased' });
  awaited.close();
  await expect(b.outcome).rejects.toMatchObject({ code: 'timeout' });
  await expect(c.outcome).rejects.toMatchObject({ code: 'timeout' });
});
