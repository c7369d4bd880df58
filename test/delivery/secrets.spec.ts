import {
  memoryOutbox,
  OdpError,
  type OdpDeliveryEvent,
} from 'nestjs-optimizely-odp';
import { expect, test } from 'vitest';
import { startOdpApp } from '../support/odp-app.js';

const KEY = 'W4WzcEs-ABgXorzY7h1LCQ';
const EMAIL = 'ada@example.com';
const event = { action: 'tested', identifiers: { email: EMAIL } };

test('neither the key nor an identifier reaches a log line, an error or events$', async () => {
  const { odp, sandbox, clock, until, log, deliveryEvents } = await startOdpApp(
    {
      apiKey: KEY,
      outbox: memoryOutbox({ capacity: 1 }),
      delivery: { maxEventAge: '1h' },
    },
  );
  const errors: unknown[] = [];
  const keep = (error: unknown) => void errors.push(error);
  const awaited = () =>
    odp.sendOdpEvent(event, { awaitDelivery: true }).catch(keep);

  // Refused, with the address in ODP's message.
  sandbox.fail({ invalid: {}, message: `${EMAIL} is no good`, times: 1 });
  const refused = awaited();
  void odp.flush();
  await refused;

  // No answer, no room, a wrong key, too old.
  sandbox.fail({ reset: 'before', times: 1 });
  const expired = awaited();
  void odp.flush();
  await until('retrying');
  await odp.sendOdpEvent(event).catch(keep);
  odp.trackOdpEvent(event);
  sandbox.fail({ status: 403 });
  await clock.advance(300);
  await until('suspended');
  for (let hour = 0; hour < 61; hour++) await clock.advance(60_000);
  await expired;

  // Invalid, also where the value hides in the wrong place.
  await odp
    .sendOdpEvent({ action: '', identifiers: { email: EMAIL } })
    .catch(keep);
  await odp
    .sendOdpEvent({ action: 'a', identifiers: { email: [EMAIL] as never } })
    .catch(keep);
  odp.trackOdpEvent({
    action: EMAIL.repeat(100),
    identifiers: { email: EMAIL },
  });

  expect(errors.map((error) => (error as OdpError).code)).toEqual([
    'rejected',
    'outboxFull',
    'expired',
    'invalidEvent',
    'invalidEvent',
  ]);
  const seen: OdpDeliveryEvent['type'][] = deliveryEvents.map(
    ({ type }) => type,
  );
  expect(seen).toEqual(
    expect.arrayContaining([
      'rejected',
      'retrying',
      'dropped',
      'suspended',
      'expired',
      'invalid',
    ]),
  );
  const told = [
    ...log.map(({ message }) => message),
    ...errors.map((error) => (error as Error).stack),
    JSON.stringify([errors, deliveryEvents]),
  ].join('\n');
  expect(told).not.toContain(EMAIL);
  expect(told).not.toContain(KEY);
  expect(log.length).toBeGreaterThan(5);
});

test("ODP's message shows no identifier of any event of the batch, and forges no line", async () => {
  const { odp, sandbox, until, log, deliveryEvents } = await startOdpApp();
  const message = `${'m'.repeat(490)} eve@example.net\n[Nest] ERROR forged`;
  sandbox.fail({
    invalid: ({ identifiers }) => identifiers.email === EMAIL,
    message,
  });
  await odp.sendOdpEvents([
    event,
    { action: 'tested', identifiers: { email: 'eve@example.net' } },
  ]);
  await odp.flush();
  await until('rejected');
  await until('delivered');
  const lines = log.map((line) => line.message);
  expect(lines).toContainEqual(expect.stringContaining('m'.repeat(490)));
  expect(JSON.stringify([lines, deliveryEvents])).not.toMatch(/eve@|ada@/);
  expect(lines.join('')).not.toContain('\n');
});
