import { quietContext } from '../../test/support/outboxes.js';
import { expect, test } from 'vitest';
import { memoryOutbox, type OdpOutbox } from '../outbox/index.js';
import { OutboxAccess } from './outbox-access.js';

test('a delivery that is told late does not make a new answer look empty', async () => {
  const outbox = memoryOutbox();
  await outbox.open(quietContext({ now: () => 0, ready: () => {} }));
  await outbox.append([{ id: 'left', payload: '{}', createdAt: 5 }]);
  const answersLater = {
    counts: async () => outbox.counts(),
  } as Pick<OdpOutbox, 'counts'> as OdpOutbox;
  for (const asked of [outbox, answersLater]) {
    const access = new OutboxAccess(asked, () => {});
    const counts = await access.refresh();
    // Acknowledged before the outbox answered, and told only now.
    access.settled(20);
    expect(counts).toMatchObject({ pending: 1, oldestAge: 0 });
  }
});
