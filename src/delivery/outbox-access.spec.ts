import { expect, test } from 'vitest';
import { quietReporter } from '../../test/support/quiet-reporter.js';
import { memoryOutbox, type OdpOutbox } from '../outbox/index.js';
import { quietContext } from '../../test/support/outboxes.js';
import { ManualClock } from '../testing/index.js';
import { OutboxAccess } from './outbox-access.js';

test.each(['at once', 'later'])(
  'a delivery that is told late does not make a new answer look empty, given %s',
  async (when) => {
    const clock = new ManualClock();
    const outbox = memoryOutbox();
    const { counts } = outbox;
    const asked: typeof counts = counts.bind(outbox);
    if (when === 'later') {
      const later: OdpOutbox = outbox;
      later.counts = () => Promise.resolve(asked());
    }
    const access = new OutboxAccess({
      outbox,
      context: quietContext({ now: () => 0 }),
      clock,
      reporter: quietReporter(clock),
      abort: new AbortController().signal,
      opened: () => {},
      appended: () => {},
    });
    await access.open();
    await access.append([{ id: 'left', payload: '{}', createdAt: 5 }]);
    const answer = await access.refresh();
    // Acknowledged before the outbox answered, and told only now.
    access.forgotten(20);
    expect(answer).toMatchObject({ pending: 1, oldestAge: 0 });
  },
);
