import 'reflect-metadata';
import { Controller, Get, Inject, type ModuleMetadata } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import {
  HealthCheck,
  HealthCheckService,
  HealthIndicatorService,
  TerminusModule,
} from '@nestjs/terminus';
import { OdpService, OptimizelyOdpModule } from 'nestjs-optimizely-odp';
import {
  OdpHealthIndicator,
  type OdpHealthOptions,
} from 'nestjs-optimizely-odp/terminus';
import {
  ManualClock,
  OptimizelyOdpTestingModule,
  RecordingOdpTransport,
} from 'nestjs-optimizely-odp/testing';
import { describe, expect, it, vi } from 'vitest';
import { apps, BreakableOutbox } from './support.js';

const start = apps();
const login = { action: 'login', identifiers: { email: 'ada@example.com' } };

interface Health {
  readonly http: number;
  readonly status: string;
  readonly details: Readonly<Record<string, Record<string, unknown>>>;
}

/** An app with a real health endpoint, and how to ask it. */
async function health(
  imports: ModuleMetadata['imports'],
  options?: OdpHealthOptions,
) {
  @Controller('health')
  class HealthController {
    constructor(
      @Inject(HealthCheckService) readonly checks: HealthCheckService,
      @Inject(OdpHealthIndicator) readonly odp: OdpHealthIndicator,
    ) {}

    @Get()
    @HealthCheck()
    check() {
      return this.checks.check([() => this.odp.isHealthy('odp', options)]);
    }
  }
  const app = await start({
    imports: [TerminusModule.forRoot({ logger: false }), ...(imports ?? [])],
    controllers: [HealthController],
    providers: [OdpHealthIndicator],
  });
  const url = `${await app.getUrl()}/health`;
  const ask = async (): Promise<Health> => {
    const response = await fetch(url);
    const body = (await response.json()) as Omit<Health, 'http'>;
    return { ...body, http: response.status };
  };
  return { app, ask };
}

describe('OdpHealthIndicator on Terminus 12', () => {
  it('is up while events get through', async () => {
    const { app, ask } = await health([OptimizelyOdpTestingModule.forRoot()]);
    const odp = app.get(OdpService);
    await odp.sendOdpEvent(login, { awaitDelivery: true });
    expect(await ask()).toMatchObject({
      http: 200,
      status: 'ok',
      details: {
        odp: {
          status: 'up',
          pending: 0,
          oldestPendingAge: 0,
          deadLetters: 0,
        },
      },
    });
  });

  it('is degraded, and still succeeds, once events have waited for too long', async () => {
    const clock = new ManualClock();
    const transport = new RecordingOdpTransport();
    transport.respondWith(503);
    const delivery = { retry: { delay: 5000, maxDelay: 5000 } };
    const { app, ask } = await health(
      [OptimizelyOdpTestingModule.forRoot({ clock, transport, delivery })],
      { degradedAfter: '30s' },
    );
    app.get(OdpService).trackOdpEvent(login);
    await transport.waitFor(1);
    await clock.advance(30_000);
    expect(await ask()).toMatchObject({ http: 200, status: 'ok' });
    await clock.advance(1.4); // ages are whole ms
    const late = await ask();
    expect(late).toMatchObject({
      http: 200,
      status: 'degraded',
      details: {
        odp: {
          status: 'degraded',
          reason: 'the oldest event has waited for more than 30000 ms',
          pending: 1,
          oldestPendingAge: 30_001,
        },
      },
    });
    expect(app.get(OdpService).stats().oldestPendingAge).toBe(30_001);
    expect(JSON.stringify(late)).not.toContain('ada');
    transport.respondWith(202);
    await clock.advance(5000);
    expect(await ask()).toMatchObject({ http: 200, status: 'ok' });
  });

  it('waits for five minutes unless told otherwise', async () => {
    const clock = new ManualClock();
    const transport = new RecordingOdpTransport();
    transport.respondWith(() => new Promise(() => {}));
    const delivery = { requestTimeout: '1h' } as const;
    const { app, ask } = await health([
      OptimizelyOdpTestingModule.forRoot({ clock, transport, delivery }),
    ]);
    app.get(OdpService).trackOdpEvent(login);
    await clock.advance(5 * 60_000);
    expect(await ask()).toMatchObject({ status: 'ok' });
    await clock.advance(1);
    expect(await ask()).toMatchObject({ status: 'degraded' });
    // Closing the app would otherwise wait for a clock that stands still.
    transport.respondWith(202);
    await clock.advance(60 * 60_000);
  });

  it('is degraded while delivery is paused', async () => {
    const { app, ask } = await health([OptimizelyOdpTestingModule.forRoot()]);
    const odp = app.get(OdpService);
    odp.pause();
    odp.trackOdpEvent(login);
    expect(await ask()).toMatchObject({
      http: 200,
      status: 'degraded',
      details: { odp: { reason: 'delivery is paused by the app', pending: 1 } },
    });
    odp.resume();
    await odp.flush();
    expect(await ask()).toMatchObject({ status: 'ok' });
  });

  it('is degraded while delivery is suspended', async () => {
    const transport = new RecordingOdpTransport();
    transport.respondWith(403);
    const { app, ask } = await health([
      OptimizelyOdpTestingModule.forRoot({ transport }),
    ]);
    const odp = app.get(OdpService);
    odp.trackOdpEvent(login);
    await transport.waitFor(1);
    expect(await ask()).toMatchObject({
      http: 200,
      status: 'degraded',
      details: {
        odp: {
          reason:
            'delivery is suspended: the API key or the host is wrong, or something on the way refuses everything; see the log',
          pending: 1,
        },
      },
    });
    transport.respondWith(202);
    await odp.flush();
    expect(await ask()).toMatchObject({ status: 'ok' });
  });

  it('is down while the outbox fails, and tells no more than that', async () => {
    const outbox = new BreakableOutbox();
    const { ask } = await health([
      OptimizelyOdpTestingModule.forRoot({ outbox }),
    ]);
    outbox.state = 'failing';
    const down = await ask();
    expect(down).toMatchObject({
      http: 503,
      status: 'error',
      details: {
        odp: {
          status: 'down',
          reason: 'the outbox cannot be used; see the log',
        },
      },
    });
    expect(JSON.stringify(down)).not.toContain('secret');
    outbox.state = 'well';
    expect(await ask()).toMatchObject({ http: 200, status: 'ok' });
  });

  it('is down when the outbox could not be opened', async () => {
    const clock = new ManualClock();
    const outbox = new BreakableOutbox();
    outbox.state = 'failing';
    const { ask } = await health([
      OptimizelyOdpTestingModule.forRoot({ clock, outbox }),
    ]);
    outbox.state = 'well';
    expect(await ask()).toMatchObject({ http: 503 });
    await clock.advance(1000);
    expect(await ask()).toMatchObject({ http: 200 });
  });

  it('is down when the outbox hangs, which is asked once until it answers', async () => {
    const outbox = new BreakableOutbox();
    const { ask } = await health(
      [OptimizelyOdpTestingModule.forRoot({ outbox })],
      { timeout: 20 },
    );
    outbox.state = 'hanging';
    outbox.asked = 0;
    expect(await ask()).toMatchObject({ http: 503 });
    expect(await ask()).toMatchObject({ http: 503 });
    expect(outbox.asked).toBe(1);
    outbox.state = 'well';
  });

  it('speaks for a named account', async () => {
    const transport = new RecordingOdpTransport();
    transport.respondWith(403);
    const { app, ask } = await health(
      [
        OptimizelyOdpTestingModule.forRoot({ transport }),
        OptimizelyOdpTestingModule.forRoot({ name: 'emea' }),
      ],
      { account: 'emea' },
    );
    app.get(OdpService).trackOdpEvent(login);
    await transport.waitFor(1);
    expect(await ask()).toMatchObject({ status: 'ok' });
  });

  it('is degraded without an API key, as every event is discarded', async () => {
    const { ask } = await health([OptimizelyOdpModule.forRoot({})]);
    expect(await ask()).toMatchObject({
      http: 200,
      status: 'degraded',
      details: {
        odp: {
          reason: 'ODP is not integrated: every event is discarded',
          pending: 0,
        },
      },
    });
  });

  it.each(['reject', 'hold'] as const)(
    'is degraded while an integration has not named the account (%s)',
    async (whenNotReady) => {
      const integration = {
        source: 'nobody',
        readyTimeout: 0,
        whenNotReady,
        start: () => () => {},
      };
      const { ask } = await health([
        OptimizelyOdpModule.forRoot({ integration }),
      ]);
      expect(await ask()).toMatchObject({
        http: 200,
        status: 'degraded',
        details: {
          odp: { reason: 'the integration has not named the ODP account yet' },
        },
      });
    },
  );

  it('is down for an account that does not exist, and says so', async () => {
    const { ask } = await health([OptimizelyOdpTestingModule.forRoot()], {
      account: 'emae',
    });
    expect(await ask()).toMatchObject({
      http: 503,
      status: 'error',
      details: {
        odp: {
          status: 'down',
          reason:
            "no OptimizelyOdpModule named 'emae' is imported: check the option account",
        },
      },
    });
  });

  it('is down when the only accounts have names and none is given', async () => {
    const { ask } = await health([
      OptimizelyOdpTestingModule.forRoot({ name: 'emea' }),
    ]);
    expect(await ask()).toMatchObject({
      http: 503,
      details: {
        odp: { reason: expect.stringContaining('without a name') as unknown },
      },
    });
  });

  it('is up if nothing is sent', async () => {
    const { ask } = await health([
      OptimizelyOdpTestingModule.forRoot({ enabled: false }),
    ]);
    expect(await ask()).toMatchObject({
      status: 'ok',
      details: { odp: { status: 'up', pending: 0 } },
    });
  });

  it('refuses an option that is wrong', async () => {
    const { app } = await health([OptimizelyOdpTestingModule.forRoot()]);
    const indicator = app.get(OdpHealthIndicator);
    await expect(
      indicator.isHealthy('odp', { degradedAfter: -1 }),
    ).rejects.toThrow('isHealthy.degradedAfter must be ms');
  });
});

describe('OdpHealthIndicator on Terminus 11', () => {
  /** Its session has `up` and `down` only (health-indicator.service.ts of 11.1.1). */
  const terminus11 = {
    check: (key: string) => ({
      up: (data: object) => ({ [key]: { ...data, status: 'up' } }),
      down: (data: object) => ({ [key]: { ...data, status: 'down' } }),
    }),
  } as unknown as HealthIndicatorService;

  it('shows up with degraded: true', async () => {
    const transport = new RecordingOdpTransport();
    const app = await start({
      imports: [OptimizelyOdpTestingModule.forRoot({ transport })],
    });
    const indicator = new OdpHealthIndicator(app.get(ModuleRef), terminus11);
    expect(await indicator.isHealthy('odp')).toMatchObject({
      odp: { status: 'up', pending: 0 },
    });
    transport.respondWith(403);
    app.get(OdpService).trackOdpEvent(login);
    await transport.waitFor(1);
    await vi.waitFor(async () =>
      expect(await indicator.isHealthy('odp')).toMatchObject({
        odp: { status: 'up', degraded: true, pending: 1 },
      }),
    );
  });
});
