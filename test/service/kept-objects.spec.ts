import { memoryOutbox } from 'nestjs-optimizely-odp';
import { expect, test } from 'vitest';
import { numbered, startOdpApp } from '../support/odp-app.js';

test('what a caller does with a list or its objects after the call changes no event', async () => {
  const { odp, arrived } = await startOdpApp();
  const events = Array.from({ length: 1000 }, (_, n) => numbered(n));
  const sent = odp.sendOdpEvents(events);
  for (const event of events) event.identifiers.n = 'reused';
  events.length = 0;
  expect(await sent).toHaveLength(1000);
  await odp.flush();
  expect(new Set(arrived()).size).toBe(1000);
  expect(arrived()).not.toContain('reused');
});

test('runWithIdentity keeps nothing of the object that it was given', async () => {
  const { odp, sandbox } = await startOdpApp();
  const identifiers = { email: '' };
  const jobs = ['a@x.com', 'b@x.com'].map((email) => {
    identifiers.email = email;
    return odp.runWithIdentity(identifiers, async () => {
      await Promise.resolve();
      await odp.sendOdpEvent({ action: email });
    });
  });
  await Promise.all(jobs);
  await odp.flush();
  expect(
    sandbox.events().map(({ event }) => [event.action, event.identifiers]),
  ).toEqual([
    ['a@x.com', { email: 'a@x.com' }],
    ['b@x.com', { email: 'b@x.com' }],
  ]);
});

test('beforeSend changes a copy, of instances of classes as well', async () => {
  class Order {
    order_id = '1';
    phone: string | undefined = '+1';
    get total() {
      return 5;
    }
  }
  const { odp, sandbox } = await startOdpApp({
    outbox: memoryOutbox(),
    beforeSend: (event) => {
      delete (event.data as { phone?: string }).phone;
      return event;
    },
  });
  const data = new Order();
  await odp.sendOdpEvent({ action: 'paid', identifiers: { n: '1' }, data });
  await odp.flush();
  expect(data.phone).toBe('+1');
  expect(sandbox.events()[0]?.event.data).toMatchObject({ order_id: '1' });
  expect(sandbox.events()[0]?.event.data).not.toHaveProperty('phone');
});

test.each(['Customer_Email', 'CUSTOMER_EMAIL', 'customer-email'])(
  'an event that names the customer by %j gets nothing of the agent',
  async (name) => {
    const { odp, sandbox } = await startOdpApp();
    const agent = { customer_email: 'agent@x.com', vuid: 'agent' };
    await odp.runWithIdentity(agent, () =>
      odp.sendOdpEvent({
        action: 'refunded',
        identifiers: { [name]: 'customer@x.com' },
      }),
    );
    await odp.flush();
    expect(sandbox.events()[0]?.event.identifiers).not.toHaveProperty('vuid');
  },
);

test.each(['email ', 'e\u200bmail', 'ada@example.com'])(
  'no log shows %j as the name of an identifier, and none is sent by it',
  async (name) => {
    const { odp, sandbox, log } = await startOdpApp();
    odp.trackOdpEvent({
      action: 'refunded',
      identifiers: { [name]: name === 'ada@example.com' ? (5 as never) : 'x' },
    });
    await odp.flush();
    expect(sandbox.events()).toEqual([]);
    expect(log.map(({ message }) => message).join()).not.toContain(name);
    expect(log.filter(({ level }) => level === 'warn')).toHaveLength(1);
  },
);

test('an answer that repeats the API key shows it to nobody', async () => {
  const { odp, sandbox, log, until, deliveryEvents } = await startOdpApp({
    apiKey: 'W4WzcEs-ABgXorzY7h1LCQ',
  });
  sandbox.fail({
    invalid: {},
    message: 'Key W4WzcEs-ABgXorzY7h1LCQ may not write this field',
  });
  await odp.sendOdpEvent(numbered(1));
  void odp.flush();
  await until('rejected');
  expect(JSON.stringify([log, deliveryEvents])).not.toContain('W4WzcEs');
});
