import {
  type MeterProvider,
  metrics,
  trace,
  type TracerProvider,
} from '@opentelemetry/api';
import { PACKAGE_VERSION } from '../version.js';
import { followCalls } from './call-telemetry.js';
import type { Stop } from './channels.js';
import { countEvents } from './event-metrics.js';
import { type ObservedOdpAccount, observeStats } from './stats-metrics.js';
import { followRequests } from './request-telemetry.js';
import { SpanOrigins } from './span-origins.js';

export type { ObservedOdpAccount } from './stats-metrics.js';

/** Where {@link instrumentOdp} reports to. */
export interface InstrumentOdpOptions {
  /** @default the global one, which must have been set before */
  readonly meterProvider?: MeterProvider | undefined;
  /** @default the global one */
  readonly tracerProvider?: TracerProvider | undefined;
  /**
   * The accounts whose pending events are observed, asked at each collection.
   * @default none
   */
  readonly accounts?: (() => Iterable<ObservedOdpAccount>) | undefined;
}

const SCOPE = 'nestjs-optimizely-odp';

/**
 * Reports every account of this process to OpenTelemetry: metrics of events
 * and requests, and a span for each request to ODP, linked to the spans in
 * which its events were made. Attributes hold no identifier, event id or key.
 *
 * In a Nest app `OdpOpenTelemetryModule` calls it.
 *
 * @returns how to stop
 */
export function instrumentOdp({
  meterProvider = metrics.getMeterProvider(),
  tracerProvider = trace.getTracerProvider(),
  accounts,
}: InstrumentOdpOptions = {}): () => void {
  const meter = meterProvider.getMeter(SCOPE, PACKAGE_VERSION);
  const tracer = tracerProvider.getTracer(SCOPE, PACKAGE_VERSION);
  const origins = new SpanOrigins();
  const stops: Stop[] = [
    ...origins.follow(),
    ...countEvents(meter),
    ...followRequests(meter, tracer, origins),
    ...followCalls(meter, tracer),
  ];
  if (accounts !== undefined) stops.push(observeStats(meter, accounts));
  return () => {
    for (const stop of stops.splice(0)) stop();
  };
}
