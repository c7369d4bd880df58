import {
  type Meter,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
} from '@opentelemetry/api';
import type { OdpRequestTrace } from '../odp/index.js';
import { outcomeAttributes, requestAttributes } from './attributes.js';
import type { Channels, Stop } from './channels.js';
import type { SpanOrigins } from './span-origins.js';

const SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const EVENTS = [1, 2, 5, 10, 20, 50, 100, 200, 500];

/** A request under way. */
interface UnderWay {
  readonly span: Span;
  /** On the monotonic clock, in ms. */
  readonly since: number;
}

/** A span and two measurements for each request to ODP. */
export function instrumentRequests(
  meter: Meter,
  tracer: Tracer,
  origins: SpanOrigins,
  channels: Channels,
): Stop[] {
  const batchSize = meter.createHistogram('optimizely.odp.request.batch_size', {
    description: 'Events in a request to ODP',
    unit: '{event}',
    advice: { explicitBucketBoundaries: EVENTS },
  });
  const duration = meter.createHistogram('optimizely.odp.request.duration', {
    description: 'How long a request to ODP took',
    unit: 's',
    advice: { explicitBucketBoundaries: SECONDS },
  });
  const requests = new WeakMap<OdpRequestTrace, UnderWay>();

  const began = (request: OdpRequestTrace) => {
    const span = tracer.startSpan('POST /v3/events', {
      kind: SpanKind.CLIENT,
      // A batch belongs to everybody who made its events, not to the last of them.
      root: true,
      links: origins.linksOf(request.ids),
      attributes: {
        ...requestAttributes(request),
        'http.request.method': 'POST',
        'messaging.system': 'optimizely_odp',
        'messaging.operation.type': 'send',
        'messaging.operation.name': 'send',
        'messaging.batch.message_count': request.ids.length,
      },
    });
    requests.set(request, { span, since: performance.now() });
  };

  const ended = (request: OdpRequestTrace) => {
    const underWay = requests.get(request);
    if (underWay === undefined) return;
    const { span, since } = underWay;
    const known = requestAttributes(request);
    const outcome = outcomeAttributes(request);
    batchSize.record(request.ids.length, known);
    duration.record((performance.now() - since) / 1000, {
      ...known,
      ...outcome,
    });
    span.setAttributes(outcome);
    if ('error.type' in outcome) {
      const message = request.outcome?.problem ?? '';
      span.setStatus({ code: SpanStatusCode.ERROR, message });
    }
    span.end();
  };

  return [
    channels.onRequest('start', began),
    channels.onRequest('asyncEnd', ended),
  ];
}
