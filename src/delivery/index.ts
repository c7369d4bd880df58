export type { AwaitedEvents } from './awaited-events.js';
export {
  OdpDeliveryOptions,
  OdpRetryOptions,
  type ResolvedDelivery,
  resolveDelivery,
} from './delivery-options.js';
export { Delivery, type LastDeadlines } from './delivery.js';
