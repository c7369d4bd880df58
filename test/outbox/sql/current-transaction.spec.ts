import { expect, it, onTestFinished } from 'vitest';
import { numbered, startOdpApp } from '../../support/odp-app.js';
import { sqlDatabase } from '../../support/sql-databases.js';

const databases = ['postgres', 'mysql'] as const;

async function start(
  type: (typeof databases)[number],
  currentTransaction: () => unknown,
) {
  const database = await sqlDatabase(type);
  if (database === undefined) return undefined;
  onTestFinished(() => database.remove());
  return startOdpApp({ outbox: database.outbox({ currentTransaction }) });
}

it.each(databases)(
  '%s outbox: whoever awaits delivery in a transaction under way is told at once that it comes after the commit',
  async (type) => {
    const app = await start(type, () => ({ transaction: 'under way' }));
    if (app === undefined) return;
    await expect(
      app.odp.sendOdpEvent(numbered(1), { awaitDelivery: true }),
    ).rejects.toMatchObject({
      code: 'outboxFailed',
      message: expect.stringContaining('Leave out awaitDelivery'),
    });
  },
);

it.each(databases)(
  '%s outbox: a currentTransaction that returns null joins none',
  async (type) => {
    const app = await start(type, () => null);
    if (app === undefined) return;
    await app.odp.sendOdpEvent(numbered(1), { awaitDelivery: true });
    expect(app.odp.stats()).toMatchObject({ delivered: 1 });
  },
);

it.each(databases)(
  '%s outbox: a currentTransaction that throws is named, without its own words',
  async (type) => {
    const app = await start(type, () => {
      throw new TypeError('ada@example.com has no transaction');
    });
    if (app === undefined) return;
    const sent = app.odp.sendOdpEvent(numbered(1));
    await expect(sent).rejects.toMatchObject({ code: 'outboxFailed' });
    await expect(sent).rejects.toThrow(/currentTransaction threw TypeError/);
  },
);
