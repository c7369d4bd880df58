import 'reflect-metadata';
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  type DataPoint,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { TerminusModule } from '@nestjs/terminus';
import { Test } from '@nestjs/testing';
import { OdpService } from 'nestjs-optimizely-odp';
import { instrumentOdp } from 'nestjs-optimizely-odp/opentelemetry';
import { OdpHealthIndicator } from 'nestjs-optimizely-odp/terminus';
import {
  ManualClock,
  OptimizelyOdpTestingModule,
  RecordingOdpTransport,
} from 'nestjs-optimizely-odp/testing';
import { expect, it, onTestFinished } from 'vitest';
import { startOdpApp } from '../support/odp-app.js';

const email = 'ada.lovelace@example.com';
const segments = ['vip'];

/** A real SDK that keeps what is reported. */
function observe() {
  const contexts = new AsyncLocalStorageContextManager().enable();
  context.setGlobalContextManager(contexts);
  const exporter = new InMemoryMetricExporter(
    AggregationTemporality.CUMULATIVE,
  );
  const meterProvider = new MeterProvider({
    readers: [
      new PeriodicExportingMetricReader({
        exporter,
        exportIntervalMillis: 2 ** 30,
      }),
    ],
  });
  const finished = new InMemorySpanExporter();
  const tracerProvider = new BasicTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(finished)],
  });
  const stop = instrumentOdp({ meterProvider, tracerProvider });
  onTestFinished(async () => {
    stop();
    await meterProvider.shutdown();
    await tracerProvider.shutdown();
    context.disable();
  });
  return {
    spans: () =>
      finished
        .getFinishedSpans()
        .filter(({ kind }) => kind === SpanKind.CLIENT),
    tracer: tracerProvider.getTracer('app'),
    async points(metric: string) {
      await meterProvider.forceFlush();
      return exporter
        .getMetrics()
        .flatMap(({ scopeMetrics }) => scopeMetrics)
        .flatMap(({ metrics }) => metrics)
        .filter(({ descriptor }) => descriptor.name === metric)
        .flatMap(({ dataPoints }): DataPoint<unknown>[] => dataPoints);
    },
  };
}

it('each request is a span of whoever asked, and says nothing of whom', async () => {
  const { odp, sandbox } = await startOdpApp();
  const { spans, tracer, points } = observe();
  const parent = tracer.startSpan('GET /offers');
  const inside = <T>(fn: () => T) =>
    context.with(trace.setSpan(context.active(), parent), fn);
  await inside(() => odp.fetchQualifiedSegments({ email }, { segments }));
  await inside(() => odp.customers.get({ email }));
  sandbox.fail({ status: 403, times: 1 });
  await inside(() =>
    odp.api
      .request({ path: `/consent/${encodeURIComponent(email)}` })
      .catch(() => {}),
  );

  const made = spans();
  expect(made.map(({ name, status }) => [name, status.code])).toEqual([
    ['POST /v3/graphql', SpanStatusCode.UNSET],
    ['GET /v3/profiles', SpanStatusCode.ERROR],
    ['GET /v3/consent/*', SpanStatusCode.ERROR],
  ]);
  for (const { parentSpanContext } of made) {
    expect(parentSpanContext?.spanId).toBe(parent.spanContext().spanId);
  }
  expect(made[0]?.attributes).toEqual({
    'optimizely.odp.account': 'default',
    'server.address': '127.0.0.1',
    'server.port': Number(new URL(sandbox.url).port),
    'http.request.method': 'POST',
    'url.template': '/v3/graphql',
    'http.response.status_code': 200,
  });
  expect(made[2]?.attributes).toMatchObject({
    'http.response.status_code': 403,
    'error.type': '403',
  });
  const durations = await points('optimizely.odp.call.duration');
  expect(durations).toHaveLength(3);
  const all = JSON.stringify([
    made.map(({ attributes, status }) => [attributes, status]),
    durations,
  ]);
  expect(all).not.toContain('lovelace');
  expect(all).not.toContain('test-key');
});

it('counts how segments were found', async () => {
  const { odp } = await startOdpApp();
  const { points } = observe();
  const ask = (cache?: 'ignore') =>
    odp.fetchQualifiedSegments({ email }, { segments, cache });
  await Promise.all([ask(), ask(), ask()]);
  await ask();
  await ask('ignore');
  const found = await points('optimizely.odp.segments.lookups');
  expect(
    Object.fromEntries(
      found.map(({ attributes, value }) => [
        attributes['optimizely.odp.cache.result'],
        value,
      ]),
    ),
  ).toEqual({ miss: 1, joined: 2, hit: 1, ignored: 1 });
});

it('health shows the last call that failed, and how long ago', async () => {
  const clock = new ManualClock();
  const module = await Test.createTestingModule({
    imports: [TerminusModule, OptimizelyOdpTestingModule.forRoot({ clock })],
    providers: [OdpHealthIndicator],
  }).compile();
  onTestFinished(() => module.close());
  const odp = module.get(OdpService);
  const health = module.get(OdpHealthIndicator);
  expect(await health.isHealthy('odp')).not.toHaveProperty(
    'odp.lastApiFailure',
  );
  module.get(RecordingOdpTransport).respondToCallsWith(403);
  await odp.fetchQualifiedSegments({ email }, { segments }).catch(() => {});
  await clock.advance(5000);
  expect(await health.isHealthy('odp')).toMatchObject({
    odp: {
      status: 'up',
      lastApiFailure: '/v3/graphql: status 403',
      lastApiFailureAge: 5000,
    },
  });

  module
    .get(RecordingOdpTransport)
    .respondToCallsWith(() => new Promise(() => {}));
  const asked = odp.fetchQualifiedSegments({ email }, { segments });
  asked.catch(() => {});
  await clock.advance(5000);
  await expect(asked).rejects.toMatchObject({ code: 'segmentsFailed' });
  expect(await health.isHealthy('odp')).toMatchObject({
    odp: { lastApiFailure: '/v3/graphql: no answer within 5000 ms' },
  });
});
