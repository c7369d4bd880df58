import { expect, test } from 'vitest';
import { deliveryParts, eventOf } from '../../test/support/delivery-parts.js';
import { OdpOutboxError } from '../errors/index.js';

test.each(['at once', 'later'])(
  'a delivery that is told late does not make a new answer look empty, given %s',
  async (when) => {
    const { access, outbox } = await deliveryParts();
    const asked = outbox.counts.bind(outbox);
    if (when === 'later') {
      Object.assign(outbox, { counts: () => Promise.resolve(asked()) });
    }
    await access.append([eventOf('left')]);
    const answer = await access.refresh();
    // Acknowledged before the outbox answered, and told only now.
    access.forgotten(20);
    expect(answer).toMatchObject({ pending: 1, oldestAge: 0 });
  },
);

test('events that come in wait for their batch, awaited ones do not', async () => {
  const { access, trigger, clock, reporter } = await deliveryParts();
  await access.append([eventOf('one')]);
  expect(trigger.isDue(0)).toBe(false);
  expect(trigger.nextAt).toBe(clock.monotonic() + 1000);
  expect(reporter.counters.accepted).toBe(1);
  await access.append([eventOf('awaited', 'receipt')]);
  expect(trigger.isDue(0)).toBe(true);
});

test('events of a transaction do not fill a batch before it has committed', async () => {
  const { access, outbox, trigger } = await deliveryParts({ batchSize: 1 });
  Object.assign(outbox, { append: () => {} });
  await access.append([eventOf('one')], { transaction: {} });
  expect(trigger.isDue(0)).toBe(false);
  // Perhaps it has by then.
  expect(trigger.nextAt).toBe(1000);
});

test.each(['at once', 'later'])(
  'an append that fails %s tells the caller why, and counts',
  async (when) => {
    const { access, outbox, reporter } = await deliveryParts();
    Object.assign(outbox, {
      append: () => {
        const error = new OdpOutboxError('The store is away.');
        if (when === 'later') return Promise.reject(error);
        throw error;
      },
    });
    await expect(async () => access.append([eventOf('one')])).rejects.toThrow(
      'The store is away.',
    );
    expect(reporter.counters).toMatchObject({ accepted: 0, outboxFailures: 1 });
    expect(access.counts().pending).toBe(0);
  },
);

test('a health check asks an outbox that hangs only once', async () => {
  const { access, outbox } = await deliveryParts();
  let asked = 0;
  let answer = () => {};
  const counts = { pending: 3, oldestAge: 5, deadLetters: 0 };
  Object.assign(outbox, {
    counts: () => {
      asked++;
      return new Promise((resolve) => (answer = () => resolve(counts)));
    },
  });
  const probes = [access.probe(), access.probe()];
  answer();
  expect(await Promise.all(probes)).toEqual([counts, counts]);
  expect(asked).toBe(1);
});

test('an outbox that is closed, or whose store the app has closed, is used no more', async () => {
  const { access, outbox, reporter } = await deliveryParts();
  expect([access.isOpen, access.isOver]).toEqual([true, false]);
  Object.defineProperty(outbox, 'storeClosed', { value: true });
  expect([access.isOpen, access.isOver]).toEqual([false, true]);
  access.failed('claim', new Error('closed'));
  expect(reporter.counters.outboxFailures).toBe(0);

  const other = await deliveryParts();
  await other.access.close();
  expect(other.access.isOpen).toBe(false);
});
