import { expect, test } from 'vitest';
import { numbered, startOdpApp } from '../support/odp-app.js';

test('of events that were given up, no more than the option allows are kept', async () => {
  const app = await startOdpApp({ deadLetters: { maxCount: 2 } });
  app.sandbox.fail({ invalid: {} });
  for (const n of [1, 2, 3]) {
    await app.odp.sendOdpEvent(numbered(n));
    await app.odp.flush();
  }
  const kept = await app.odp.deadLetters.list();
  expect(kept.map(({ event }) => event?.identifiers?.n)).toEqual(['2', '3']);
  expect(app.odp.stats()).toMatchObject({
    rejected: 3,
    deadLetters: 2,
    deadLettersRemoved: 1,
  });
  expect(app.log).toContainEqual({
    level: 'warn',
    message: expect.stringContaining('removed=1') as unknown,
  });
});

test('those that have grown too old are removed, though no new ones come', async () => {
  const { odp, sandbox, clock, until } = await startOdpApp({
    deadLetters: { maxAge: '2h' },
  });
  sandbox.fail({ invalid: {} });
  await odp.sendOdpEvent(numbered(1));
  await odp.flush();
  await until('rejected');
  await clock.advance(2 * 3_600_000 - 1);
  expect(await odp.deadLetters.list()).toHaveLength(1);
  await clock.advance(3_600_001);
  expect(await odp.deadLetters.list()).toEqual([]);
  expect(odp.stats()).toMatchObject({ deadLetters: 0, deadLettersRemoved: 1 });
});
