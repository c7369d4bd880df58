import 'reflect-metadata';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ModuleMetadata } from '@nestjs/common';
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import {
  AggregationTemporality,
  DataPointType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import {
  memoryOutbox,
  OdpOutboxError,
  OdpService,
  OptimizelyOdpModule,
} from 'nestjs-optimizely-odp';
import {
  instrumentOdp,
  OdpOpenTelemetryModule,
} from 'nestjs-optimizely-odp/opentelemetry';
import { OdpSandbox } from 'nestjs-optimizely-odp/sandbox';
import {
  ManualClock,
  OptimizelyOdpTestingModule,
  type OptimizelyOdpTestingOptions,
  RecordingOdpTransport,
} from 'nestjs-optimizely-odp/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { apps } from './support.js';
import type { INestApplicationContext } from '@nestjs/common';

const start = apps();
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

const contexts = new AsyncLocalStorageContextManager().enable();
beforeAll(() => context.setGlobalContextManager(contexts));
afterAll(() => context.disable());

const EMAIL = 'ada@example.com';
const login = { action: 'login', identifiers: { email: EMAIL } };

/** A real SDK that keeps what is reported. */
function sdk() {
  const exporter = new InMemoryMetricExporter(
    AggregationTemporality.CUMULATIVE,
  );
  const reader = new PeriodicExportingMetricReader({
    exporter,
    exportIntervalMillis: 2 ** 30,
  });
  const meterProvider = new MeterProvider({ readers: [reader] });
  const spans = new InMemorySpanExporter();
  const tracerProvider = new BasicTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(spans)],
  });
  cleanups.push(() => meterProvider.shutdown());
  cleanups.push(() => tracerProvider.shutdown());
  /** Data points by metric, as `[value, attributes]`. */
  const collect = async () => {
    exporter.reset();
    await meterProvider.forceFlush();
    const found: Record<string, [unknown, unknown][]> = {};
    for (const resource of exporter.getMetrics()) {
      for (const scope of resource.scopeMetrics) {
        for (const metric of scope.metrics) {
          found[metric.descriptor.name.replace('optimizely.odp.', '')] =
            metric.dataPointType === DataPointType.HISTOGRAM
              ? metric.dataPoints.map(({ value, attributes }) => [
                  { count: value.count, sum: value.sum },
                  attributes,
                ])
              : metric.dataPoints.map(({ value, attributes }) => [
                  value,
                  attributes,
                ]);
        }
      }
    }
    return found;
  };
  const requests = () =>
    spans.getFinishedSpans().filter(({ kind }) => kind === SpanKind.CLIENT);
  return {
    providers: { meterProvider, tracerProvider },
    tracer: tracerProvider.getTracer('app'),
    collect,
    requests,
  };
}

async function observed(
  options: OptimizelyOdpTestingOptions = {},
  more: ModuleMetadata['imports'] = [],
) {
  const { providers, ...reported } = sdk();
  const app = await start({
    imports: [
      OptimizelyOdpTestingModule.forRoot(options),
      OdpOpenTelemetryModule.forRoot(providers),
      ...more,
    ],
  });
  return {
    app,
    odp: app.get(OdpService),
    transport: app.get(RecordingOdpTransport, { strict: false }),
    ...reported,
  };
}

const account = { 'optimizely.odp.account': 'default' };
const server = { 'server.address': 'api.us1.odp.optimizely.com' };

describe('metrics', () => {
  it('counts what happens to events, each with why', async () => {
    const { odp, transport, collect } = await observed({
      outbox: memoryOutbox({ capacity: 3 }),
      delivery: { batchSize: 10 },
    });
    transport.respondWith(({ attempt, events }) => {
      if (attempt === 1) return 503;
      const bad = events.findIndex(({ action }) => action === 'bad');
      if (bad === -1) return 202;
      const invalids = [{ event: bad, message: 'no' }];
      return { status: 400, body: { detail: { invalids } } };
    });
    await odp.sendOdpEvents([login, { ...login, action: 'bad' }, login]);
    odp.trackOdpEvent(login);
    odp.trackOdpEvent({ action: '' });
    await odp.flush();
    const metrics = await collect();
    expect(metrics['events.accepted']).toEqual([[3, account]]);
    expect(metrics['events.delivered']).toEqual([[2, account]]);
    expect(metrics['events.rejected']).toEqual([
      [1, { ...account, 'http.response.status_code': 400 }],
    ]);
    expect(metrics['events.dropped']).toEqual([
      [1, { ...account, 'optimizely.odp.reason': 'outboxFull' }],
    ]);
    expect(metrics['events.invalid']).toEqual([[1, account]]);
    expect(metrics['request.retries']).toEqual([
      [1, { ...account, 'http.response.status_code': 503 }],
    ]);
    expect(metrics['request.batch_size']).toEqual([
      [
        // All three, one that probes, and the others apart as they had failed.
        { count: 4, sum: 6 },
        { ...account, ...server },
      ],
    ]);
    const counts = metrics['request.duration']?.map(([value, attributes]) => [
      (value as { count: number }).count,
      attributes,
    ]);
    const answered = (status: number) => ({
      ...account,
      ...server,
      'http.response.status_code': status,
    });
    expect(counts).toEqual([
      [1, { ...answered(503), 'error.type': '503' }],
      [2, answered(202)],
      [1, { ...answered(400), 'error.type': '400' }],
    ]);
    expect(JSON.stringify(metrics)).not.toMatch(/ada@|test-key/);
  });

  it('tells why there was no answer, in one of few words', async () => {
    const { odp, transport, collect } = await observed();
    const reasons = ['ECONNREFUSED', 'what a proxy said to ada@example.com'];
    transport.respondWith(({ attempt }) => {
      const reason = reasons[attempt - 1];
      if (reason === undefined) return 202;
      throw new Error(reason);
    });
    await odp.sendOdpEvent(login, { awaitDelivery: true });
    const metrics = await collect();
    expect(metrics['request.duration']?.map(([, one]) => one)).toMatchObject([
      { 'error.type': 'ECONNREFUSED' },
      { 'error.type': '_OTHER' },
      { 'http.response.status_code': 202 },
    ]);
  });

  it('tells timeouts apart, and events that grew too old', async () => {
    const clock = new ManualClock();
    const { odp, transport, collect } = await observed({
      clock,
      delivery: { requestTimeout: 1000, maxEventAge: 5000 },
    });
    transport.respondWith(({ attempt }) =>
      attempt === 1 ? new Promise(() => {}) : 503,
    );
    odp.trackOdpEvent(login);
    await clock.advance(5100);
    const metrics = await collect();
    expect(metrics['events.expired']).toEqual([[1, account]]);
    expect(metrics['request.duration']?.[0]?.[1]).toEqual({
      ...account,
      ...server,
      'error.type': 'timeout',
    });
  });

  it('observes how far each account lags behind', async () => {
    const clock = new ManualClock();
    const transport = new RecordingOdpTransport();
    const { odp, collect } = await observed({ clock, transport }, [
      OptimizelyOdpTestingModule.forRoot({ name: 'emea' }),
    ]);
    const named = { 'optimizely.odp.account': 'emea' };
    transport.respondWith(403);
    odp.trackOdpEvent(login);
    odp.trackOdpEvent(login);
    await clock.advance(500);
    expect(await collect()).toMatchObject({
      'events.pending': [
        [2, account],
        [0, named],
      ],
      'events.oldest_pending.age': [
        [0.5, account],
        [0, named],
      ],
      'delivery.suspended': [
        [1, account],
        [0, named],
      ],
    });
    transport.respondWith(202);
    await clock.advance(10);
    expect(await collect()).toMatchObject({
      'events.pending': [
        [0, account],
        [0, named],
      ],
      'delivery.suspended': [
        [0, account],
        [0, named],
      ],
    });
  });

  it('observes what the outbox keeps of events that were given up, and how often it failed', async () => {
    const outbox = memoryOutbox();
    const { odp, transport, collect } = await observed({
      outbox,
      deadLetters: { maxCount: 1 },
    });
    transport.respondWith(({ events }) => ({
      status: 400,
      body: {
        detail: {
          invalids: events.map((_, event) => ({ event, message: 'no' })),
        },
      },
    }));
    odp.trackOdpEvent(login);
    odp.trackOdpEvent(login);
    await odp.flush();
    outbox.append = () => {
      throw new OdpOutboxError('The disk is broken.');
    };
    odp.trackOdpEvent(login);
    expect(await collect()).toMatchObject({
      'events.rejected': [[2, account]],
      'events.dropped': [[1, account]],
      'dead_letters.stored': [[1, account]],
      'dead_letters.removed': [[1, account]],
      'outbox.failures': [[1, account]],
    });
  });

  it('reports the last flush of an app that ends, then no more', async () => {
    const { app, odp, collect, requests } = await observed({
      delivery: { flushInterval: '1h' },
    });
    odp.trackOdpEvent(login);
    expect((await collect())['events.delivered']).toBeUndefined();
    await app.close();
    expect((await collect())['events.delivered']).toEqual([[1, account]]);
    expect(requests()).toHaveLength(1);
    const next = await start({
      imports: [OptimizelyOdpTestingModule.forRoot()],
    });
    await next.get(OdpService).sendOdpEvent(login, { awaitDelivery: true });
    expect((await collect())['events.delivered']).toEqual([[1, account]]);
    expect(requests()).toHaveLength(1);
  });

  it('can be scraped by Prometheus', async () => {
    const exporter = new PrometheusExporter({ preventServerStart: true });
    const meterProvider = new MeterProvider({ readers: [exporter] });
    cleanups.push(() => meterProvider.shutdown());
    const http = createServer((request, response) =>
      exporter.getMetricsRequestHandler(request, response),
    ).listen(0, '127.0.0.1');
    await once(http, 'listening');
    cleanups.push(() => http.close());
    const app = await start({
      imports: [
        OptimizelyOdpTestingModule.forRoot(),
        OdpOpenTelemetryModule.forRoot({ meterProvider }),
      ],
    });
    const odp = app.get(OdpService);
    await odp.sendOdpEvents([login, login], { awaitDelivery: true });
    const { port } = http.address() as AddressInfo;
    const scrape = await (
      await fetch(`http://127.0.0.1:${port}/metrics`)
    ).text();
    const lines = scrape.split('\n');
    const value = (name: string, ...labels: string[]) =>
      lines
        .find(
          (line) =>
            line.startsWith(`optimizely_odp_${name}{`) &&
            labels.every((label) => line.includes(label)),
        )
        ?.split(' ')
        .at(-1);
    const labels = 'optimizely_odp_account="default"';
    expect(value('events_accepted_total', labels)).toBe('2');
    expect(value('events_delivered_total', labels)).toBe('2');
    expect(value('events_pending', labels)).toBe('0');
    expect(value('events_oldest_pending_age', labels)).toBe('0');
    expect(value('delivery_suspended', labels)).toBe('0');
    expect(value('request_batch_size_sum', labels)).toBe('2');
    expect(
      value(
        'request_duration_bucket',
        labels,
        'http_response_status_code="202"',
        'le="+Inf"',
      ),
    ).toBe('1');
  });
});

const linksOf = (span: ReadableSpan | undefined) =>
  span?.links.map((link) => link.context.spanId);

describe('spans', () => {
  it('shows a request to ODP, on its own', async () => {
    const sandbox = await OdpSandbox.start();
    cleanups.push(() => sandbox.close());
    const { providers, requests, tracer } = sdk();
    const app = await start({
      imports: [
        OptimizelyOdpModule.forRoot({
          apiKey: 'test-key',
          apiHost: sandbox.url,
        }),
        OdpOpenTelemetryModule.forRoot(providers),
      ],
    });
    const odp = app.get(OdpService);
    const [{ id } = { id: '' }] = await tracer.startActiveSpan(
      'checkout',
      async (span) => {
        const sent = await odp.sendOdpEvents([login, login]);
        span.end();
        return sent;
      },
    );
    await odp.flush();
    const [span, ...others] = requests();
    expect(others).toEqual([]);
    expect(span).toMatchObject({
      name: 'POST /v3/events',
      parentSpanContext: undefined,
      status: { code: SpanStatusCode.UNSET },
      attributes: {
        ...account,
        'http.request.method': 'POST',
        'http.response.status_code': 202,
        'messaging.batch.message_count': 2,
        'messaging.operation.type': 'send',
        'server.address': '127.0.0.1',
        'server.port': Number(new URL(sandbox.url).port),
      },
    });
    const all = JSON.stringify([span?.attributes, span?.links]);
    expect(all).not.toContain(id);
    expect(all).not.toMatch(/ada@|test-key/);
  });

  it('is linked to the spans in which its events were made, once to each', async () => {
    const { odp, requests, tracer } = await observed({
      delivery: { flushInterval: '1h' },
    });
    const made: string[] = [];
    for (const name of ['checkout', 'login']) {
      await tracer.startActiveSpan(name, async (span) => {
        made.push(span.spanContext().spanId);
        await odp.sendOdpEvent(login);
        odp.trackOdpEvent(login);
        span.end();
      });
    }
    odp.trackOdpEvent(login);
    await odp.flush();
    expect(linksOf(requests()[0])).toEqual(made);
  });

  it('keeps its links through failures, which it shows', async () => {
    const { odp, transport, requests, tracer } = await observed();
    transport.respondWith(({ attempt }) => {
      if (attempt === 1) throw new Error('ECONNRESET');
      return attempt === 2 ? 503 : 202;
    });
    await tracer.startActiveSpan('checkout', async (span) => {
      await odp.sendOdpEvent(login, { awaitDelivery: true });
      span.end();
    });
    const spans = requests();
    expect(spans.map(({ status }) => status)).toEqual([
      { code: SpanStatusCode.ERROR, message: 'ECONNRESET' },
      { code: SpanStatusCode.ERROR, message: 'status 503' },
      { code: SpanStatusCode.UNSET },
    ]);
    expect(spans.map(({ links }) => links.length)).toEqual([1, 1, 1]);
    expect(spans.every((span) => !span.parentSpanContext)).toBe(true);
  });

  it('does not link to what was not sampled', async () => {
    const { odp, requests } = await observed();
    const unsampled = trace.wrapSpanContext({
      traceId: 'a'.repeat(32),
      spanId: 'b'.repeat(16),
      traceFlags: 0,
    });
    await context.with(trace.setSpan(context.active(), unsampled), () =>
      odp.sendOdpEvent(login, { awaitDelivery: true }),
    );
    expect(linksOf(requests()[0])).toEqual([]);
  });
});

describe('instrumentOdp', () => {
  it('reports without a module, until it is stopped', async () => {
    const { providers, collect } = sdk();
    const app = await start({
      imports: [OptimizelyOdpTestingModule.forRoot()],
    });
    const odp = app.get(OdpService);
    let asked = 0;
    const stop = instrumentOdp({
      ...providers,
      accounts: () => {
        asked++;
        return [{ name: 'default', stats: () => odp.stats() }];
      },
    });
    await odp.sendOdpEvent(login, { awaitDelivery: true });
    expect(await collect()).toMatchObject({
      'events.delivered': [[1, account]],
      'events.pending': [[0, account]],
    });
    stop();
    stop();
    await odp.sendOdpEvent(login, { awaitDelivery: true });
    const metrics = await collect();
    expect(metrics['events.delivered']).toEqual([[1, account]]);
    expect(asked).toBe(1);
  });

  it('does no harm where OpenTelemetry is not set up', async () => {
    const app = await start({
      imports: [OptimizelyOdpTestingModule.forRoot(), OdpOpenTelemetryModule],
    });
    const odp = app.get(OdpService);
    await odp.sendOdpEvent(login, { awaitDelivery: true });
    expect(odp.stats().delivered).toBe(1);
  });
});

it('two apps of one process, each with its provider, report their own accounts only', async () => {
  const sdks = [sdk(), sdk()];
  const booted: INestApplicationContext[] = [];
  for (const { providers } of sdks) {
    booted.push(
      await start({
        imports: [
          OptimizelyOdpTestingModule.forRoot(),
          OdpOpenTelemetryModule.forRoot(providers),
        ],
      }),
    );
  }
  for (const [index, app] of booted.entries()) {
    const odp = app.get(OdpService);
    for (let sent = 0; sent <= index; sent++) {
      await odp.sendOdpEvent(login, { awaitDelivery: true });
    }
    await odp.fetchQualifiedSegments({ vuid: 'v' }, { segments: ['vip'] });
  }
  for (const [index, { collect, requests }] of sdks.entries()) {
    expect(await collect()).toMatchObject({
      'events.accepted': [[index + 1, account]],
      'events.delivered': [[index + 1, account]],
      'segments.lookups': [[1, {}]],
      'call.duration': [[{}, {}]],
    });
    // One of them asked for segments.
    expect(requests()).toHaveLength(index + 2);
  }
});

it('two apps of one process that report to one provider count nothing twice', async () => {
  const { providers, collect, requests } = sdk();
  const transport = new RecordingOdpTransport();
  const boot = () =>
    start({
      imports: [
        OptimizelyOdpTestingModule.forRoot({ transport }),
        OdpOpenTelemetryModule.forRoot(providers),
      ],
    });
  const [one, other] = [await boot(), await boot()];
  await one.get(OdpService).sendOdpEvent(login, { awaitDelivery: true });
  await other.get(OdpService).sendOdpEvent(login, { awaitDelivery: true });
  expect(await collect()).toMatchObject({
    'events.delivered': [[2, account]],
    'events.pending': [[0, account]],
  });
  expect(requests()).toHaveLength(2);
  // The one that goes leaves the other's reporting as it is.
  await one.close();
  await other.get(OdpService).sendOdpEvent(login, { awaitDelivery: true });
  expect(await collect()).toMatchObject({ 'events.delivered': [[3, account]] });
  expect(requests()).toHaveLength(3);
});
