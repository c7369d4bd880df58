import { expect, test, vi } from 'vitest';
import { quietReporter } from '../../test/support/quiet-reporter.js';
import { quietContext } from '../../test/support/outboxes.js';
import { OdpConfigurationError, OdpOutboxError } from '../errors/index.js';
import { memoryOutbox } from '../outbox/index.js';
import { ManualClock } from '../testing/index.js';
import { OutboxOpening } from './outbox-opening.js';

function opening(open: () => void | Promise<void>) {
  const clock = new ManualClock();
  const outbox = Object.assign(memoryOutbox(), { open });
  const abort = new AbortController();
  const log: string[] = [];
  const write = (line: string) => log.push(line);
  const logger = { log: write, warn: write, error: write };
  const seen = { opened: 0 };
  const one = new OutboxOpening(
    outbox,
    clock,
    quietReporter(clock, logger),
    abort.signal,
  );
  void one.opened.then(() => seen.opened++);
  return { clock, abort, log, outbox, seen, one };
}

const away = () => {
  throw new OdpOutboxError('The store is away.');
};

test('an outbox cannot be used until it is open', async () => {
  const { one, seen } = opening(() => {});
  expect(one.failure?.message).toContain('not open yet');
  await one.begin(quietContext());
  await one.begin(quietContext());
  await one.begun();
  expect([one.failure, seen.opened]).toEqual([undefined, 1]);
});

test('an outbox that cannot be opened holds up no boot, and is tried each second', async () => {
  let tries = 0;
  const { clock, log, seen, one } = opening(() => {
    if (++tries < 4) away();
  });
  await one.begin(quietContext());
  expect(one.failure?.message).toBe('The store is away.');
  expect(log).toEqual([
    expect.stringContaining('failed to open and is tried again'),
  ]);
  await clock.advance(2999);
  expect([tries, seen.opened]).toEqual([3, 0]);
  await clock.advance(1);
  expect([tries, seen.opened, one.failure]).toEqual([4, 1, undefined]);
});

test('an outbox that does not answer holds up the boot for five seconds at most', async () => {
  let answer = () => {};
  const { clock, seen, one } = opening(
    () => new Promise<void>((resolve) => (answer = resolve)),
  );
  const booted = one.begin(quietContext());
  await clock.advance(5000);
  await booted;
  expect(one.failure?.message).toContain('still opening after 5 s');
  answer();
  await clock.advance(0);
  expect([one.failure, seen.opened]).toEqual([undefined, 1]);
});

test('what no retry can mend fails the boot', async () => {
  const { clock, one } = opening(() => {
    throw new OdpConfigurationError([{ path: 'outbox', message: 'is wrong' }]);
  });
  await expect(one.begin(quietContext())).rejects.toBeInstanceOf(
    OdpConfigurationError,
  );
  expect(clock.pendingTimers).toBe(0);
});

test('it is not tried again once the app has ended', async () => {
  let tries = 0;
  const { clock, abort, one } = opening(() => {
    tries++;
    away();
  });
  await one.begin(quietContext());
  abort.abort();
  await clock.advance(10_000);
  expect(tries).toBe(1);
});

test('one that opens after the app has ended is closed again', async () => {
  let answer = () => {};
  const { clock, abort, outbox, seen, one } = opening(
    () => new Promise<void>((resolve) => (answer = resolve)),
  );
  const close = vi.spyOn(outbox, 'close');
  const booted = one.begin(quietContext());
  await clock.advance(5000);
  await booted;
  abort.abort();
  answer();
  await clock.advance(0);
  expect(close).toHaveBeenCalledOnce();
  expect(seen.opened).toBe(0);
});
