import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { OdpDeliveryEvent } from '../reporting/index.js';
import type { OdpCallTrace, OdpRequestTrace } from '../odp/index.js';
import type { OdpSegmentsLookup } from '../segments/index.js';

/** Stops listening. */
export type Stop = () => void;

/** The diagnostics channels of this process. */
export class Channels {
  readonly #isReported: (message: object) => boolean;

  /** @param isReported whether a message is of an app that is reported */
  constructor(isReported: (message: object) => boolean) {
    this.#isReported = isReported;
  }

  /** Listens to what happens to events. */
  onDeliveryEvent<T extends OdpDeliveryEvent['type']>(
    type: T,
    listener: (deliveryEvent: Extract<OdpDeliveryEvent, { type: T }>) => void,
  ): Stop {
    return this.#listen(`optimizely-odp:${type}`, listener);
  }

  /** Listens to requests that send events. */
  onRequest(
    moment: 'start' | 'asyncEnd',
    listener: (trace: OdpRequestTrace) => void,
  ): Stop {
    return this.#listen(`tracing:optimizely-odp:request:${moment}`, listener);
  }

  /** Listens to requests other than those of events. */
  onCall(
    moment: 'start' | 'asyncEnd',
    listener: (trace: OdpCallTrace) => void,
  ): Stop {
    return this.#listen(`tracing:optimizely-odp:call:${moment}`, listener);
  }

  /** Listens to lookups of segments. */
  onSegmentsLookup(listener: (lookup: OdpSegmentsLookup) => void): Stop {
    return this.#listen('optimizely-odp:segments', listener);
  }

  #listen(channel: string, listener: (message: never) => void): Stop {
    const listen = (message: unknown) => {
      if (this.#isReported(message as object)) listener(message as never);
    };
    subscribe(channel, listen);
    return () => void unsubscribe(channel, listen);
  }
}
