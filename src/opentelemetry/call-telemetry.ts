import {
  type Attributes,
  type Meter,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
} from '@opentelemetry/api';
import type { OdpCallTrace } from '../odp/index.js';
import type { OdpSegmentsLookup } from '../segments/index.js';
import { ACCOUNT, errorType, requestAttributes } from './attributes.js';
import type { Channels, Stop } from './channels.js';

const SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** How segments were found: `hit`, `miss`, `joined` or `ignored`. */
const RESULT = 'optimizely.odp.cache.result';

/** A span and a measurement for each request other than those of events, and a count of how segments were found. */
export function handleForCallers(
  meter: Meter,
  tracer: Tracer,
  channels: Channels,
): Stop[] {
  const duration = meter.createHistogram('optimizely.odp.call.duration', {
    description:
      'How long a request for segments, customers or another of the API took',
    unit: 's',
    advice: { explicitBucketBoundaries: SECONDS },
  });
  const lookups = meter.createCounter('optimizely.odp.segments.lookups', {
    description: 'How often segments were asked for, by how they were found',
    unit: '{lookup}',
  });
  const underWay = new WeakMap<OdpCallTrace, { span: Span; since: number }>();

  const began = (call: OdpCallTrace) => {
    const span = tracer.startSpan(`${call.method} ${call.route}`, {
      kind: SpanKind.CLIENT,
      attributes: {
        ...attributesOf(call),
        ...(call.attempt === 1
          ? {}
          : { 'http.request.resend_count': call.attempt - 1 }),
      },
    });
    underWay.set(call, { span, since: performance.now() });
  };

  const ended = (call: OdpCallTrace) => {
    const found = underWay.get(call);
    if (found === undefined) return;
    const { span, since } = found;
    const { status, problem } = call;
    const outcome: Attributes = {
      ...(status === undefined ? {} : { 'http.response.status_code': status }),
      ...(problem === undefined
        ? {}
        : { 'error.type': errorType(status, problem) }),
    };
    duration.record((performance.now() - since) / 1000, {
      ...attributesOf(call),
      ...outcome,
    });
    span.setAttributes(outcome);
    if (problem !== undefined) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: problem });
    }
    span.end();
  };

  return [
    channels.onCall('start', began),
    channels.onCall('asyncEnd', ended),
    channels.onSegmentsLookup(({ account, result }: OdpSegmentsLookup) => {
      lookups.add(1, { [ACCOUNT]: account, [RESULT]: result });
    }),
  ];
}

const attributesOf = (call: OdpCallTrace): Attributes => ({
  ...requestAttributes(call),
  'http.request.method': call.method,
  'url.template': call.route,
});
