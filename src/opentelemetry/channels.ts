import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { OdpDeliveryEvent } from '../reporting/index.js';
import type { OdpCallTrace, OdpRequestTrace } from '../odp/index.js';
import type { OdpSegmentsLookup } from '../segments/index.js';

/** Stops listening. */
export type Stop = () => void;

/** Listens to what happens to events of every account in this process. */
export function onDeliveryEvent<T extends OdpDeliveryEvent['type']>(
  type: T,
  listener: (deliveryEvent: Extract<OdpDeliveryEvent, { type: T }>) => void,
): Stop {
  return listen(`optimizely-odp:${type}`, (message) =>
    listener(message as Extract<OdpDeliveryEvent, { type: T }>),
  );
}

/** Listens to requests that send events. */
export function onRequest(
  moment: 'start' | 'asyncEnd',
  listener: (trace: OdpRequestTrace) => void,
): Stop {
  return listen(`tracing:optimizely-odp:request:${moment}`, (message) =>
    listener(message as OdpRequestTrace),
  );
}

/** Listens to requests other than those of events. */
export function onCall(
  moment: 'start' | 'asyncEnd',
  listener: (trace: OdpCallTrace) => void,
): Stop {
  return listen(`tracing:optimizely-odp:call:${moment}`, (message) =>
    listener(message as OdpCallTrace),
  );
}

/** Listens to lookups of segments. */
export function onSegmentsLookup(
  listener: (lookup: OdpSegmentsLookup) => void,
): Stop {
  return listen('optimizely-odp:segments', (message) =>
    listener(message as OdpSegmentsLookup),
  );
}

function listen(channel: string, listener: (message: unknown) => void): Stop {
  subscribe(channel, listener);
  return () => void unsubscribe(channel, listener);
}
