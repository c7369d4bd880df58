// The events that every sender sends: an order of about 275 bytes of JSON.
import { v4 as newId } from 'uuid';

/** Stands once in each event, so that the sink can count them without parsing. */
export const MARK = '"order_id"';

/** What an app hands to a sender. */
export const eventOf = (n) => ({
  type: 'order',
  action: 'purchase',
  identifiers: {
    email: `customer-${n}@example.com`,
    vuid: '8f1c2d3e4b5a69788796a5b4c3d2e1f0',
  },
  data: {
    order_id: `order-${n}`,
    total: 99.5,
    currency: 'EUR',
    coupon: 'AUTUMN-2026',
    shipping: 'express',
    items: 3,
    gift: false,
    channel: 'web',
  },
});

/** The same as it goes over the wire from us, with our defaults: what the ceilings send. */
export const wireEventOf = (n) => {
  const { type, action, identifiers, data } = eventOf(n);
  return {
    type,
    action,
    identifiers,
    data: {
      idempotence_id: newId(),
      data_source_type: 'sdk',
      data_source: 'nestjs-optimizely-odp',
      data_source_version: '0.1.0',
      ts: 1_790_000_000,
      ...data,
    },
  };
};
