import {
  type MeterProvider,
  metrics,
  trace,
  type TracerProvider,
} from '@opentelemetry/api';
import { PACKAGE_VERSION } from '../version.js';
import { handleForCallers } from './call-telemetry.js';
import type { Stop } from './channels.js';
import { countEvents } from './event-metrics.js';
import { type ObservedOdpAccount, observeStats } from './stats-metrics.js';
import { instrumentRequests } from './request-telemetry.js';
import { SpanOrigins } from './span-origins.js';

export type { ObservedOdpAccount } from './stats-metrics.js';

/** Where {@link instrumentOdp} reports to. */
export interface InstrumentOdpOptions {
  /** @default the global one, which must be set before */
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

/** What reports to one meter provider. */
interface Reporting {
  /** The accounts of each app that asked for it. */
  readonly accounts: Set<() => Iterable<ObservedOdpAccount>>;
  readonly stops: Stop[];
}

/**
 * Channels are per process: a second app that listened for the same provider would
 * count every event twice, so it joins the first.
 */
const reporting = new WeakMap<MeterProvider, Reporting>();

/**
 * Reports every account of this process to OpenTelemetry: metrics of events
 * and requests, and a span for each request to ODP, linked to the spans in
 * which its events were made. Attributes hold no identifier, event id or key.
 *
 * In a Nest app, `OdpOpenTelemetryModule` calls it. A further call for the same
 * meter provider, as by a second app in the process, only adds its accounts.
 *
 * @returns a function that stops it
 */
export function instrumentOdp({
  meterProvider = metrics.getMeterProvider(),
  tracerProvider = trace.getTracerProvider(),
  accounts = () => [],
}: InstrumentOdpOptions = {}): () => void {
  const joined =
    reporting.get(meterProvider) ?? begin(meterProvider, tracerProvider);
  reporting.set(meterProvider, joined);
  // A new function, since the same one may be passed twice.
  const own = () => accounts();
  joined.accounts.add(own);
  return () => {
    if (!joined.accounts.delete(own) || joined.accounts.size > 0) return;
    reporting.delete(meterProvider);
    for (const stop of joined.stops.splice(0)) stop();
  };
}

function begin(
  meterProvider: MeterProvider,
  tracerProvider: TracerProvider,
): Reporting {
  const meter = meterProvider.getMeter(SCOPE, PACKAGE_VERSION);
  const tracer = tracerProvider.getTracer(SCOPE, PACKAGE_VERSION);
  const origins = new SpanOrigins();
  const accounts: Reporting['accounts'] = new Set();
  return {
    accounts,
    stops: [
      ...origins.subscribe(),
      ...countEvents(meter),
      ...instrumentRequests(meter, tracer, origins),
      ...handleForCallers(meter, tracer),
      observeStats(meter, () => [...accounts].flatMap((of) => [...of()])),
    ],
  };
}
