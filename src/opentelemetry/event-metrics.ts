import type { Meter } from '@opentelemetry/api';
import { ACCOUNT, REASON } from './attributes.js';
import type { Channels, Stop } from './channels.js';

/** Counts what happens to events. */
export function countEvents(meter: Meter, channels: Channels): Stop[] {
  const counter = (name: string, description: string, unit = '{event}') =>
    meter.createCounter(`optimizely.odp.${name}`, { description, unit });

  const accepted = counter('events.accepted', 'Events that the outbox took in');
  const delivered = counter('events.delivered', 'Events that ODP acknowledged');
  const rejected = counter(
    'events.rejected',
    'Events that ODP refused for their content; given up',
  );
  const expired = counter(
    'events.expired',
    'Events that grew too old undelivered; given up',
  );
  const dropped = counter(
    'events.dropped',
    'Events given up for newer ones, discarded, or tracked and refused by the outbox',
  );
  const invalid = counter(
    'events.invalid',
    'Events that broke a rule and were not queued',
  );
  const retries = counter(
    'request.retries',
    'Requests that failed for now; their events are sent again',
    '{request}',
  );
  return [
    channels.onDeliveryEvent('accepted', ({ account }) => {
      accepted.add(1, { [ACCOUNT]: account });
    }),
    channels.onDeliveryEvent('delivered', ({ account }) => {
      delivered.add(1, { [ACCOUNT]: account });
    }),
    channels.onDeliveryEvent('rejected', (deliveryEvent) => {
      rejected.add(1, {
        [ACCOUNT]: deliveryEvent.account,
        ...status(deliveryEvent.status),
      });
    }),
    channels.onDeliveryEvent('expired', ({ account }) => {
      expired.add(1, { [ACCOUNT]: account });
    }),
    channels.onDeliveryEvent('dropped', ({ account, reason }) => {
      dropped.add(1, { [ACCOUNT]: account, [REASON]: reason });
    }),
    channels.onDeliveryEvent('invalid', ({ account }) => {
      invalid.add(1, { [ACCOUNT]: account });
    }),
    channels.onDeliveryEvent('retrying', (deliveryEvent) => {
      retries.add(1, {
        [ACCOUNT]: deliveryEvent.account,
        ...status(deliveryEvent.status),
      });
    }),
  ];
}

const status = (value: number | undefined) =>
  value === undefined ? {} : { 'http.response.status_code': value };
