import 'reflect-metadata';
import {
  Controller,
  Get,
  Inject,
  Injectable,
  Module,
  Post,
} from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  InjectOdp,
  OdpService,
  OptimizelyOdpModule,
  SendOdpEvent,
  getOdpServiceToken,
} from 'nestjs-optimizely-odp';
import {
  ManualClock,
  OptimizelyOdpTestingModule,
  overrideOdpTransport,
  RecordingOdpTransport,
} from 'nestjs-optimizely-odp/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';

const identifiers = { email: 'ada@example.com' };

@Injectable()
class Shop {
  constructor(
    @Inject(OdpService) readonly odp: OdpService,
    @InjectOdp('emea') readonly emea: OdpService,
  ) {}
}

@Controller()
class ShopController {
  @Post('checkout')
  @SendOdpEvent({ type: 'order', action: 'purchase', identifiers })
  checkout() {
    return { id: 1 };
  }

  @Get()
  nothing() {
    return {};
  }
}

/** As an app would have it: two accounts, real hosts. */
@Module({
  imports: [
    OptimizelyOdpModule.forRoot({ apiKey: 'one' }),
    OptimizelyOdpModule.forRoot({ name: 'emea', apiKey: 'two-eu1' }),
  ],
  controllers: [ShopController],
  providers: [Shop],
})
class AppModule {}

const open: { close(): Promise<void> }[] = [];
afterEach(() => Promise.all(open.splice(0).map((app) => app.close())));

async function testing(
  options: Parameters<typeof OptimizelyOdpTestingModule.forRoot>[0] = {},
) {
  const app = await Test.createTestingModule({
    imports: [OptimizelyOdpTestingModule.forRoot(options)],
    controllers: [ShopController],
  }).compile();
  app.useLogger(false);
  open.push(app);
  return {
    app,
    odp: app.get(OdpService, { strict: false }),
    transport: app.get(RecordingOdpTransport, { strict: false }),
  };
}

describe('OptimizelyOdpTestingModule', () => {
  it('needs no option: what is flushed is seen', async () => {
    const { odp, transport } = await testing();
    odp.trackOdpEvent({ type: 'order', action: 'purchase', identifiers });
    await odp.flush();
    expect(transport.single({ action: 'purchase' })).toMatchObject({
      type: 'order',
      identifiers,
      data: { data_source: 'nestjs-optimizely-odp' },
    });
  });

  it('sends what decorators send', async () => {
    const { app, odp, transport } = await testing();
    const http = app.createNestApplication();
    await http.listen(0, '127.0.0.1');
    open.push(http);
    await fetch(`${await http.getUrl()}/checkout`, { method: 'POST' });
    await odp.flush();
    expect(transport.single()).toMatchObject({ action: 'purchase' });
  });

  it('failedAttempts again soon', async () => {
    const { odp, transport } = await testing();
    transport.respondWith(({ attempt }) => {
      if (attempt === 1) throw new Error('ECONNREFUSED');
      return attempt < 4 ? 503 : 202;
    });
    await odp.sendOdpEvent(
      { action: 'login', identifiers },
      { awaitDelivery: true },
    );
    expect(transport.requests.map(({ attempt }) => attempt)).toEqual([
      1, 2, 3, 4,
    ]);
    expect(transport.single()).toMatchObject({ action: 'login' });
  });

  it('shows how rejections reach the caller', async () => {
    const { odp, transport } = await testing();
    transport.respondWith(() => ({
      status: 400,
      body: { detail: { invalids: [{ event: 0, message: 'no such type' }] } },
    }));
    await expect(
      odp.sendOdpEvent(
        { action: 'login', identifiers },
        { awaitDelivery: true },
      ),
    ).rejects.toMatchObject({ code: 'rejected', reason: 'no such type' });
  });

  it('is not held up by a suspended account', async () => {
    const { odp, transport } = await testing();
    transport.respondWith(403);
    odp.trackOdpEvent({ action: 'login', identifiers });
    await transport.waitFor(1);
    transport.respondWith(202);
    await odp.flush();
    expect(odp.stats()).toMatchObject({ delivered: 1, suspended: false });
  });

  it('takes the options of the module and a clock', async () => {
    const clock = new ManualClock();
    const { odp, transport } = await testing({
      clock,
      commonData: { shop: 'x' },
      delivery: { flushInterval: '10s' },
    });
    odp.trackOdpEvent({ action: 'login', identifiers });
    await clock.advance(9999);
    expect(transport.sent).toEqual([]);
    await clock.advance(1);
    expect(transport.single()).toMatchObject({
      data: { shop: 'x', ts: Date.UTC(2025, 0, 1) / 1000 },
    });
  });

  it('shows that a flush which is done keeps no process alive', async () => {
    const clock = new ManualClock();
    const { odp, transport } = await testing({ clock });
    transport.respondWith(
      ({ attempt }) =>
        new Promise((resolve) => {
          setImmediate(resolve, attempt === 1 ? 503 : 202);
        }),
    );
    odp.trackOdpEvent({ action: 'login', identifiers });
    const flushed = odp.flush({ timeout: '30s' });
    await clock.advance(5);
    expect(clock.keepAliveTimers).toBe(1);
    await clock.advance(100);
    expect(await flushed).toEqual({ pending: 0 });
    expect(clock.keepAliveTimers).toBe(0);
  });

  it('gives named accounts a transport each', async () => {
    const [one, two] = [
      new RecordingOdpTransport(),
      new RecordingOdpTransport(),
    ];
    const app = await Test.createTestingModule({
      imports: [
        OptimizelyOdpTestingModule.forRoot({ transport: one }),
        OptimizelyOdpTestingModule.forRoot({ transport: two, name: 'emea' }),
      ],
      providers: [Shop],
    }).compile();
    open.push(app);
    const { odp, emea } = app.get(Shop);
    odp.trackOdpEvent({ action: 'login', identifiers });
    emea.trackOdpEvent({ action: 'logout', identifiers });
    await Promise.all([odp.flush(), emea.flush()]);
    expect(one.single()).toMatchObject({ action: 'login' });
    expect(two.single()).toMatchObject({ action: 'logout' });
  });
});

describe('overrideOdpTransport', () => {
  it('tests an app as it is, every account of it', async () => {
    const builder = Test.createTestingModule({ imports: [AppModule] });
    const transport = overrideOdpTransport(builder);
    const app = await builder.compile();
    open.push(app);
    const { odp, emea } = app.get(Shop);
    expect(app.get(getOdpServiceToken('emea'))).toBe(emea);
    odp.trackOdpEvent({ action: 'login', identifiers });
    emea.trackOdpEvent({ action: 'logout', identifiers });
    await Promise.all([odp.flush(), emea.flush()]);
    const byAccount = transport.requests.map(({ account, url, events }) => [
      account,
      new URL(url).host,
      events[0]?.action,
    ]);
    expect(new Set(byAccount)).toEqual(
      new Set([
        ['default', 'api.us1.odp.optimizely.com', 'login'],
        ['emea', 'api.eu1.odp.optimizely.com', 'logout'],
      ]),
    );
  });

  it('asks for no datafile', async () => {
    const asked = vi.fn(() => () => {});
    const integration = {
      source: 'the datafile',
      readyTimeout: 60_000,
      start: asked,
    };
    const builder = Test.createTestingModule({
      imports: [OptimizelyOdpModule.forRoot({ integration })],
    });
    const transport = overrideOdpTransport(builder);
    const app = await builder.compile();
    open.push(app);
    app.get(OdpService).trackOdpEvent({ action: 'login', identifiers });
    await app.get(OdpService).flush();
    expect(transport.requests).toHaveLength(1);

    const own = await testing({ integration });
    own.odp.trackOdpEvent({ action: 'login', identifiers });
    await own.odp.flush();
    expect(own.transport.requests).toHaveLength(1);
    expect(asked).not.toHaveBeenCalled();
  });

  it('takes a transport of yours', async () => {
    const builder = Test.createTestingModule({ imports: [AppModule] });
    const own = new RecordingOdpTransport();
    expect(overrideOdpTransport(builder, own)).toBe(own);
  });
});
