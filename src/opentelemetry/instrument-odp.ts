import {
  type MeterProvider,
  metrics,
  trace,
  type TracerProvider,
} from '@opentelemetry/api';
import { appOf } from '../origin.js';
import { PACKAGE_VERSION } from '../version.js';
import { handleForCallers } from './call-telemetry.js';
import { Channels, type Stop } from './channels.js';
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

/** What somebody wants to have reported. */
interface Wanted {
  readonly accounts: () => Iterable<ObservedOdpAccount>;
  /** Whether it is what an app does, by what stands for it, see `messageOf`. */
  readonly isOf: (app: object | undefined) => boolean;
}

/** What reports to one meter provider. */
interface Reporting {
  readonly wanted: Set<Wanted>;
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
 * In a Nest app, use `OdpOpenTelemetryModule`, which reports the accounts of its
 * app only. A further call for the same meter provider only adds its accounts.
 *
 * @returns a function that stops it
 */
export function instrumentOdp(options: InstrumentOdpOptions = {}): () => void {
  const { accounts = () => [] } = options;
  return report(options, { accounts, isOf: () => true });
}

/**
 * Reports what is wanted.
 *
 * @returns a function that stops it
 */
export function report(
  {
    meterProvider = metrics.getMeterProvider(),
    tracerProvider = trace.getTracerProvider(),
  }: Omit<InstrumentOdpOptions, 'accounts'>,
  given: Wanted,
): () => void {
  const joined =
    reporting.get(meterProvider) ?? begin(meterProvider, tracerProvider);
  reporting.set(meterProvider, joined);
  // A new object, since the same one may be passed twice.
  const own = { ...given };
  joined.wanted.add(own);
  return () => {
    if (!joined.wanted.delete(own) || joined.wanted.size > 0) return;
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
  const wanted: Reporting['wanted'] = new Set();
  const channels = new Channels((message) => {
    const app = appOf(message);
    for (const one of wanted) if (one.isOf(app)) return true;
    return false;
  });
  return {
    wanted,
    stops: [
      ...origins.subscribe(channels),
      ...countEvents(meter, channels),
      ...instrumentRequests(meter, tracer, origins, channels),
      ...handleForCallers(meter, tracer, channels),
      observeStats(meter, () =>
        [...wanted].flatMap(({ accounts }) => [...accounts()]),
      ),
    ],
  };
}
