import { Controller, Get, type INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  type OdpDeliveryEvent,
  OdpService,
  OptimizelyOdpModule,
  SendOdpEvent,
} from 'nestjs-optimizely-odp';
import { ManualClock } from 'nestjs-optimizely-odp/testing';
import { expect, onTestFinished, test, vi } from 'vitest';
import { ODP_RUNTIME } from '../../src/module/index.js';
import { API_KEY, useSandbox } from '../decorators/support.js';

const sandbox = useSandbox();
const identifiers = { email: 'ada@example.com' };
const never = () => new Promise<never>(() => {});

@Controller()
class ShopController {
  @Get('when')
  @SendOdpEvent({ action: 'asked', identifiers, when: never })
  @SendOdpEvent({ action: 'sent', identifiers })
  when() {}

  @Get('data')
  @SendOdpEvent({ action: 'asked', identifiers, data: never })
  data() {}

  @Get('account')
  @SendOdpEvent({ action: 'asked', identifiers, account: never })
  account() {}

  @Get('factory')
  @SendOdpEvent(never)
  factory() {}
}

/** An app whose time the test moves. */
async function start() {
  const clock = new ManualClock();
  const log: string[] = [];
  const write = (message: string) => void log.push(message);
  const module = await Test.createTestingModule({
    imports: [
      OptimizelyOdpModule.forRoot({
        apiKey: API_KEY,
        apiHost: sandbox.now.url,
        delivery: { flushInterval: '1h' },
      }),
    ],
    controllers: [ShopController],
  })
    .overrideProvider(ODP_RUNTIME)
    .useValue({
      clock,
      random: () => 0,
      logger: { log: write, warn: write, error: write },
    })
    .compile();
  const app: INestApplication = module.createNestApplication({ logger: false });
  await app.listen(0, '127.0.0.1');
  const deliveryEvents: OdpDeliveryEvent[] = [];
  const odp = app.get(OdpService);
  odp.events$.subscribe((one) => deliveryEvents.push(one));
  let closing: Promise<void> | undefined;
  const close = () => (closing ??= app.close());
  onTestFinished(async () => {
    const closed = close();
    await clock.advance(60_000);
    await closed;
  });
  const url = await app.getUrl();
  const get = async (path: string) => {
    const response = await fetch(`${url}/${path}`);
    expect(response.status).toBe(200);
    // Decorators have begun by the event loop's next turns.
    await clock.advance(0);
  };
  return { odp, clock, log, deliveryEvents, get, close };
}

test.each(['when', 'data', 'factory'])(
  'a function that never settles (%s) is given up after requestTimeout, and reported',
  async (field) => {
    const { clock, deliveryEvents, get, log } = await start();
    await get(field);
    const invalid = () => deliveryEvents.filter((e) => e.type === 'invalid');
    await clock.advance(9_999);
    expect(invalid()).toEqual([]);
    await clock.advance(1);
    expect(invalid()).toMatchObject([
      {
        source: `ShopController.${field}`,
        violations: [
          {
            path: field === 'factory' ? 'event' : field,
            message: expect.stringContaining('10000 ms') as string,
          },
        ],
      },
    ]);
    expect(log.join('\n')).toContain(`ShopController.${field}`);
  },
);

test('the function of account, too', async () => {
  const { odp, clock, get } = await start();
  await get('account');
  const flushed = odp.flush();
  await clock.advance(10_000);
  expect(await flushed).toEqual({ pending: 0 });
});

test('a flush waits for it no longer than its own timeout', async () => {
  const { odp, clock, get } = await start();
  await get('when');
  const flushed = odp.flush({ timeout: 100 });
  await clock.advance(100);
  await flushed;
});

test('a shutdown waits no longer than shutdownTimeout, and delivers what was accepted', async () => {
  const { clock, get, close } = await start();
  await get('when');
  const closed = close();
  // The request to ODP takes real time.
  await vi.waitFor(async () => {
    await clock.advance(0);
    expect(sandbox.now.events().map(({ event }) => event.action)).toEqual([
      'sent',
    ]);
  });
  await clock.advance(5_000);
  await closed;
});
