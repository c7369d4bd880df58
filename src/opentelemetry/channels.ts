import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { OdpDeliveryEvent } from '../reporting/index.js';
import type { OdpRequestTrace } from '../odp/index.js';

/** Ends what it was returned for. */
export type Stop = () => void;

/** Listens to what happens to events of every account in this process. */
export function onHappening<T extends OdpDeliveryEvent['type']>(
  type: T,
  listener: (deliveryEvent: Extract<OdpDeliveryEvent, { type: T }>) => void,
): Stop {
  return listen(`optimizely-odp:${type}`, (message) =>
    listener(message as Extract<OdpDeliveryEvent, { type: T }>),
  );
}

/** Listens to requests to ODP. */
export function onRequest(
  moment: 'start' | 'asyncEnd',
  listener: (trace: OdpRequestTrace) => void,
): Stop {
  return listen(`tracing:optimizely-odp:request:${moment}`, (message) =>
    listener(message as OdpRequestTrace),
  );
}

function listen(channel: string, listener: (message: unknown) => void): Stop {
  subscribe(channel, listener);
  return () => void unsubscribe(channel, listener);
}
