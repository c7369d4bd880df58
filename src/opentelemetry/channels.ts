import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { OdpHappening, OdpRequestTrace } from '../delivery/index.js';

/** Ends what it was returned for. */
export type Stop = () => void;

/** Listens to what happens to events of every account in this process. */
export function onHappening<T extends OdpHappening['type']>(
  type: T,
  listener: (happening: Extract<OdpHappening, { type: T }>) => void,
): Stop {
  return listen(`optimizely-odp:${type}`, (message) =>
    listener(message as Extract<OdpHappening, { type: T }>),
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
