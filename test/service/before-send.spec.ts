import { Controller, Get, Inject, Post } from '@nestjs/common';
import {
  type OdpBeforeSend,
  type OdpDeliveryEvent,
  type OdpEvent,
  OdpService,
  SendOdpEvent,
  webVisitor,
} from 'nestjs-optimizely-odp';
import { expect, test, vi } from 'vitest';
import {
  arrived,
  odpModule,
  platforms,
  useApps,
  useSandbox,
} from '../decorators/support.js';
import { startOdpApp } from '../support/odp-app.js';

const sandbox = useSandbox();
const start = useApps();
const email = 'ada@example.com';
const event = {
  action: 'paid',
  identifiers: { email },
  data: {
    card: '4111',
    order: { order_id: '1', items: [{ product_id: 't' }] },
  },
};

@Controller()
class ShopController {
  constructor(@Inject(OdpService) private readonly odp: OdpService) {}

  @Post()
  @SendOdpEvent({ action: 'decorated', data: { card: '4111' } })
  async pay() {
    this.odp.trackOdpEvent({ action: 'tracked', data: { card: '4111' } });
    await this.odp.sendOdpEvent({ action: 'sent', data: { card: '4111' } });
  }
}

for (const platform of platforms) {
  test(`${platform}: it sees every event, of the service and of decorators, with the caller filled in`, async () => {
    const seen: OdpEvent[] = [];
    const app = await start({
      platform,
      imports: [
        odpModule(sandbox.now, {
          identity: webVisitor(),
          beforeSend: (one) => {
            seen.push(one);
            const { card: _card, ...data } = one.data ?? {};
            return { ...one, data };
          },
        }),
      ],
      controllers: [ShopController],
    });
    const vuid = '0123456789abcdef0123456789abcdef';
    await fetch(app.url, {
      method: 'POST',
      headers: { cookie: `vuid=${vuid}` },
    });
    const events = await arrived(sandbox.now, app);
    expect(
      events
        .map(({ action }) => action)
        .toSorted((a, b) => String(a).localeCompare(String(b))),
    ).toEqual(['decorated', 'sent', 'tracked']);
    for (const one of events) expect(one.data).not.toHaveProperty('card');
    expect(seen.map(({ identifiers }) => identifiers)).toEqual(
      events.map(() => ({ vuid })),
    );
  });
}

test('what it takes out of the identifiers is not filled in again', async () => {
  const app = await startOdpApp({
    beforeSend: ({ identifiers, ...one }) => ({
      ...one,
      identifiers: { ...identifiers, email: undefined },
    }),
  });
  await app.odp.runWithIdentity({ email, vuid: 'v' }, async () => {
    await app.odp.sendOdpEvent({ action: 'a' });
    // Somebody else's: nothing is filled in, before the look as after it.
    await app.odp.sendOdpEvent({
      action: 'b',
      identifiers: { email: 'bob@x.example', n: '1' },
    });
  });
  await app.odp.flush();
  expect(app.sandbox.events().map(({ event: one }) => one.identifiers)).toEqual(
    [{ vuid: 'v' }, { n: '1' }],
  );
});

test('an event that is withheld is counted, and nothing else', async () => {
  const app = await startOdpApp({
    beforeSend: (one) => (one.action === 'secret' ? undefined : one),
  });
  const { odp, sandbox: here, log } = app;
  const secret = { ...event, action: 'secret' };
  expect(await odp.sendOdpEvent(secret)).toEqual({
    id: expect.any(String) as string,
    withheld: true,
  });
  expect(await odp.sendOdpEvent(secret, { awaitDelivery: true })).toMatchObject(
    {
      withheld: true,
    },
  );
  odp.trackOdpEvent(secret);
  const sent = await odp.sendOdpEvents([secret, event, secret]);
  expect(sent.map(({ withheld }) => withheld)).toEqual([true, undefined, true]);
  await odp.flush();
  expect(here.events().map(({ event: one }) => one.action)).toEqual(['paid']);
  expect(here.events()[0]?.event.data.idempotence_id).toBe(sent[1]?.id);
  expect(odp.stats()).toMatchObject({ withheld: 5, invalid: 0, accepted: 1 });
  expect(log.filter(({ level }) => level !== 'log')).toEqual([]);
});

test.each<[string, OdpBeforeSend, string]>([
  [
    'throws',
    () => {
      throw new RangeError(email);
    },
    'threw RangeError',
  ],
  [
    'is async',
    (() => Promise.reject(new Error(email))) as never,
    'returned a promise',
  ],
  ['returns no event', (() => true) as never, 'returned neither'],
])(
  'one that %s withholds the event, and is logged',
  async (_, beforeSend, how) => {
    const { odp, log } = await startOdpApp({ beforeSend });
    await expect(odp.sendOdpEvent(event)).resolves.toMatchObject({
      withheld: true,
    });
    expect(odp.stats()).toMatchObject({ withheld: 1, accepted: 0 });
    expect(log.at(-1)).toEqual({
      level: 'warn',
      message: expect.stringContaining(how) as string,
    });
    expect(JSON.stringify(log)).not.toContain('ada@');
  },
);

test('it gets a copy: what the app passed in is never changed', async () => {
  const { odp, sandbox: here } = await startOdpApp({
    beforeSend: (one) => {
      const { data } = one as { data: Record<string, unknown> };
      delete data.card;
      (data.order as { items: { product_id: string }[] }).items[0]!.product_id =
        'changed';
      return one;
    },
  });
  const given = structuredClone(event);
  await odp.sendOdpEvent(given);
  await odp.flush();
  expect(given).toEqual(event);
  expect(here.events()[0]?.event.data.order).toMatchObject({
    items: [{ product_id: 'changed' }],
  });
});

test('what it returns is checked, and so is an event that it never saw', async () => {
  const beforeSend = vi.fn<OdpBeforeSend>((one) => ({ ...one, action: '' }));
  const { odp } = await startOdpApp({ beforeSend });
  await expect(odp.sendOdpEvent(event)).rejects.toMatchObject({
    violations: [{ path: 'action' }],
  });
  beforeSend.mockClear();
  const unreadable = Object.defineProperty({ action: 'a' }, 'data', {
    enumerable: true,
    get: () => {
      throw new Error('no');
    },
  });
  await expect(odp.sendOdpEvent(unreadable)).rejects.toMatchObject({
    code: 'invalidEvent',
  });
  expect(beforeSend).not.toHaveBeenCalled();
});

test('an anonymous caller of a request is no mistake: counted, and logged at debug', async () => {
  @Controller()
  class SeenController {
    constructor(@Inject(OdpService) private readonly odp: OdpService) {}

    @Get('seen')
    @SendOdpEvent({ action: 'seen' })
    seen() {
      this.odp.trackOdpEvent({ action: 'seen in a service' });
    }

    @Get('named')
    @SendOdpEvent({ action: 'named', identifiers: { email: undefined } })
    named() {}

    @Get('job')
    job() {
      this.odp.runWithIdentity({}, () =>
        this.odp.trackOdpEvent({ action: 'a' }),
      );
    }
  }
  const app = await start({
    imports: [odpModule(sandbox.now, { identity: () => undefined })],
    controllers: [SeenController],
  });
  const { odp } = app;
  const deliveryEvents: OdpDeliveryEvent[] = [];
  odp.events$.subscribe((one) => void deliveryEvents.push(one));
  await fetch(`${app.url}/seen`);
  await odp.flush();
  expect(odp.stats()).toMatchObject({ withheld: 2, invalid: 0 });
  expect(deliveryEvents).toEqual([]);
  // It says whom it is about, and that is blank; a job has no anonymous visitors.
  await fetch(`${app.url}/named`);
  await fetch(`${app.url}/job`);
  await odp.flush();
  expect(odp.stats()).toMatchObject({ withheld: 2, invalid: 2 });
});

test('where identity fails, an event that names nobody is lost by mistake', async () => {
  @Controller()
  class SeenController {
    @Get()
    @SendOdpEvent({ action: 'seen' })
    seen() {}
  }
  const identity = vi.fn<(request: object) => object | undefined>(() => {
    throw new Error('no');
  });
  const app = await start({
    imports: [odpModule(sandbox.now, { identity })],
    controllers: [SeenController],
  });
  await fetch(app.url);
  await app.odp.flush();
  expect(app.odp.stats()).toMatchObject({ withheld: 0, invalid: 1 });
  identity.mockReturnValue(undefined);
  await fetch(app.url);
  await app.odp.flush();
  expect(app.odp.stats()).toMatchObject({ withheld: 1, invalid: 1 });
});

test('an event of a job that names nobody is a mistake, though identity is configured', async () => {
  const { odp, log } = await startOdpApp({ identity: () => undefined });
  odp.trackOdpEvent({ action: 'seen' });
  odp.trackOdpEvent({ action: 'seen' }, { identity: false });
  await expect(odp.sendOdpEvent({ action: 'seen' })).rejects.toMatchObject({
    code: 'invalidEvent',
  });
  expect(odp.stats()).toMatchObject({ withheld: 0, invalid: 3 });
  expect(log.filter(({ level }) => level === 'warn')).toMatchObject([
    { message: expect.stringContaining('at least one identifier') as string },
  ]);
});

test('an identity that is async is logged; the event goes with its own identifiers', async () => {
  const app = await start({
    imports: [
      odpModule(sandbox.now, {
        identity: (() => Promise.reject(new Error('no'))) as never,
      }),
    ],
    controllers: [OwnController],
  });
  await fetch(app.url, { method: 'POST' });
  const [sent] = await arrived(sandbox.now, app);
  expect(sent?.identifiers).toEqual({ email });
});

@Controller()
class OwnController {
  @Post()
  @SendOdpEvent(() => event)
  pay() {}
}
