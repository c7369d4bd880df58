/**
 * Types of the public API. Nothing here runs: `npm run typecheck` compiles it,
 * and an expected error that does not come is an error.
 */
import { ConfigModule, ConfigService } from '@nestjs/config';
import {
  type Duration,
  getOdpServiceToken,
  InjectOdp,
  memoryOutbox,
  OdpConfigurationError,
  type OdpDeliveryOptions,
  type OdpError,
  type OdpErrorCode,
  type OdpEvent,
  type OdpEventData,
  OdpEventDto,
  type OdpDeliveryEvent,
  type OdpIdentifiers,
  type OdpIdentity,
  type OdpOrder,
  OdpRejectedError,
  type OdpRequest,
  type OdpRetryOptions,
  type OdpService,
  type OdpStats,
  type OdpTransport,
  OdpValidationError,
  OptimizelyOdpModule,
  type OptimizelyOdpModuleOptions,
  type OptimizelyOdpOptionsFactory,
  type OptionsOf,
  type SentOdpEvent,
} from 'nestjs-optimizely-odp';
import { odpConfig } from 'nestjs-optimizely-odp/config';
import type { Observable } from 'rxjs';
import { expectTypeOf } from 'vitest';

declare const service: OdpService;

/* Events */

export const events: OdpEvent[] = [
  { action: 'identified', identifiers: { vuid: 'v' } },
  { type: null, action: 'a', identifiers: { email: null, phone: undefined } },
  { action: 'a', data: null },
  {
    type: 'order',
    action: 'purchase',
    identifiers: { email: 'ada@example.com' },
    data: {
      total: 99.5,
      gift: true,
      coupon: null,
      note: undefined,
      order: {
        order_id: 42,
        total: 99.5,
        items: [
          { product_id: 'p-1', price: 5, gift: false },
          { product_id: 2, note: null },
        ],
      },
    },
  },
  { action: 'refund', data: { order: { order_id: 'o-1', items: null } } },
  { action: 'a', data: { order: null } },
  Object.freeze({ action: 'a', identifiers: Object.freeze({ vuid: 'v' }) }),
  new OdpEventDto(),
];

// @ts-expect-error -- action is required
export const withoutAction: OdpEvent = { identifiers: { vuid: 'v' } };
// @ts-expect-error -- an identifier is text
export const numeric: OdpIdentifiers = { customer_id: 5 };
// @ts-expect-error -- a Date is no value
export const dated: OdpEventData = { at: new Date() };
// @ts-expect-error -- a bigint is no value
export const big: OdpEventData = { n: 5n };
// @ts-expect-error -- a list is no value
export const listed: OdpEventData = { tags: ['a', 'b'] };
// @ts-expect-error -- an order has an order_id
export const anonymous: OdpOrder = { total: 5 };
// @ts-expect-error -- a line item has a product_id
export const bareItem: OdpOrder = { order_id: 1, items: [{ price: 5 }] };
export const nestedItem: OdpOrder = {
  order_id: 1,
  // @ts-expect-error -- nothing is nested in a line item
  items: [{ product_id: 1, parts: [{ product_id: 2 }] }],
};

/* Options */

const options = {
  apiKey: 'key',
  region: 'eu',
  apiHost: 'https://odp.example',
  allowInsecureHost: false,
  enabled: true,
  commonData: { shop: 'de' },
  eventTime: true,
  identity: ({ user, cookies }) => ({
    email: user?.email as string,
    vuid: cookies.vuid,
  }),
  outbox: memoryOutbox({ capacity: 10, whenFull: 'drop-oldest' }),
  delivery: {
    batchSize: 10,
    flushInterval: '5s',
    requestTimeout: 1000,
    maxEventAge: '7d',
    retry: { delay: '100ms', jitter: false },
  },
} satisfies OptimizelyOdpModuleOptions;

OptimizelyOdpModule.forRoot({});
OptimizelyOdpModule.forRoot(options);
OptimizelyOdpModule.forRoot({ ...options, isGlobal: false, name: 'emea' });
OptimizelyOdpModule.forRoot({ apiKey: process.env.ODP_KEY });
// @ts-expect-error -- a misspelt option
OptimizelyOdpModule.forRoot({ apikey: 'key' });
// @ts-expect-error -- no such region
OptimizelyOdpModule.forRoot({ region: 'de' });
// @ts-expect-error -- a misspelt option of delivery
OptimizelyOdpModule.forRoot({ delivery: { batchsize: 5 } });
// Text of the environment: what is no span of time fails the boot.
OptimizelyOdpModule.forRoot({
  delivery: { flushInterval: process.env.INTERVAL },
});
// @ts-expect-error -- not an outbox
OptimizelyOdpModule.forRoot({ outbox: 'memory' });
// @ts-expect-error -- not identifiers
OptimizelyOdpModule.forRoot({ identity: () => 5 });

OptimizelyOdpModule.forRootAsync({
  imports: [ConfigModule],
  inject: [ConfigService],
  useFactory: (config: ConfigService) => ({
    apiKey: config.getOrThrow<string>('ODP_KEY'),
    delivery: { flushInterval: 0 },
  }),
});
OptimizelyOdpModule.forRootAsync({
  name: 'emea',
  isGlobal: false,
  useFactory: () => Promise.resolve(options),
});
OptimizelyOdpModule.forRootAsync(odpConfig.asProvider());
OptimizelyOdpModule.forRootAsync({ ...odpConfig.asProvider(), name: 'emea' });

class Factory implements OptimizelyOdpOptionsFactory {
  createOptimizelyOdpOptions(): OptimizelyOdpModuleOptions {
    return options;
  }
}
OptimizelyOdpModule.forRootAsync({ useClass: Factory });
OptimizelyOdpModule.forRootAsync({ imports: [], useExisting: Factory });
// @ts-expect-error -- makes no options
OptimizelyOdpModule.forRootAsync({ useClass: Date });
OptimizelyOdpModule.forRootAsync({
  // @ts-expect-error -- not options
  useFactory: () => ({ apiKey: 5 }),
});

expectTypeOf<Duration>().extract<string>().not.toBeNever();
expectTypeOf<'30s' | '1.5h' | 5>().toExtend<Duration>();
expectTypeOf<OdpDeliveryOptions['retry']>().toEqualTypeOf<
  OptionsOf<OdpRetryOptions>
>();
expectTypeOf<OdpIdentifiers>().toExtend<ReturnType<OdpIdentity>>();

/* The service */

expectTypeOf(
  service.sendOdpEvent({ action: 'a' }),
).resolves.toEqualTypeOf<SentOdpEvent>();
expectTypeOf(service.sendOdpEvents(events)).resolves.toEqualTypeOf<
  SentOdpEvent[]
>();
expectTypeOf(service.identify({ vuid: 'v' })).resolves.toEqualTypeOf<
  SentOdpEvent | undefined
>();
expectTypeOf(service.trackOdpEvent({ action: 'a' })).toEqualTypeOf<void>();
expectTypeOf(service.flush({ timeout: '5s' })).resolves.toEqualTypeOf<{
  pending: number;
}>();
expectTypeOf(service.stats()).toEqualTypeOf<OdpStats>();
expectTypeOf(
  service.runWithIdentity({ vuid: 'v' }, () => 5),
).toEqualTypeOf<number>();
// @ts-expect-error -- an event needs an action
void service.sendOdpEvent({ identifiers: { vuid: 'v' } });
// @ts-expect-error -- a misspelt option
void service.sendOdpEvent({ action: 'a' }, { awaitdelivery: true });

export class Emea {
  constructor(@InjectOdp('emea') readonly odp: OdpService) {}
}
expectTypeOf(getOdpServiceToken).parameters.toEqualTypeOf<[name?: string]>();

/* Objects typed by an interface, which has no index signature */

interface Customer {
  readonly email: string;
  readonly vuid?: string;
}
interface Purchase {
  readonly total: number;
  readonly order: { order_id: string; items: { product_id: string }[] };
}
declare const customer: Customer;
declare const bought: Purchase;
const purchased = { action: 'bought', identifiers: customer, data: bought };
void service.sendOdpEvent(purchased);
void service.sendOdpEvents([purchased, purchased]);
service.trackOdpEvent(purchased);
void service.identify(customer);
service.runWithIdentity(customer, () => {});
expectTypeOf<(request: OdpRequest) => Customer>().toExtend<OdpIdentity>();

void service.sendOdpEvent({
  action: 'a',
  // @ts-expect-error -- an identifier is text
  identifiers: { customer_id: 5 },
});
// @ts-expect-error -- a Date is no value
void service.sendOdpEvent({ action: 'a', data: { at: new Date() } });
// @ts-expect-error -- a Date is no value
void service.sendOdpEvents([{ action: 'a', data: { at: new Date() } }]);

/* Errors */

expectTypeOf<OdpErrorCode>().toEqualTypeOf<
  | 'sdkNotReady'
  | 'odpNotIntegrated'
  | 'odpNotEnabled'
  | 'invalidEvent'
  | 'invalidConfiguration'
  | 'outboxFull'
  | 'outboxFailed'
  | 'rejected'
  | 'expired'
  | 'erased'
  | 'timeout'
  | 'apiFailed'
  | 'customersFailed'
  | 'segmentsFailed'
>();
expectTypeOf<OdpError['code']>().toEqualTypeOf<OdpErrorCode>();
expectTypeOf<OdpRejectedError['code']>().toEqualTypeOf<'rejected'>();
expectTypeOf<OdpValidationError['code']>().toEqualTypeOf<'invalidEvent'>();

export function explain(error: unknown): string {
  if (
    error instanceof OdpValidationError ||
    error instanceof OdpConfigurationError
  ) {
    const list =
      error.code === 'invalidEvent' ? error.violations : error.problems;
    return list.map(({ path, message }) => `${path} ${message}`).join();
  }
  if (error instanceof OdpRejectedError) {
    return `${error.status.toFixed()} ${error.reason}`;
  }
  return '';
}

/* What happens to events */

expectTypeOf(service.events$).toEqualTypeOf<Observable<OdpDeliveryEvent>>();

export function tell(deliveryEvent: OdpDeliveryEvent): string {
  switch (deliveryEvent.type) {
    case 'accepted':
      return deliveryEvent.id;
    case 'delivered':
      return `${deliveryEvent.id} ${deliveryEvent.age + deliveryEvent.failedAttempts}`;
    case 'rejected':
      return `${deliveryEvent.id} ${deliveryEvent.status} ${deliveryEvent.reason}`;
    case 'expired':
      return `${deliveryEvent.id} ${deliveryEvent.age}`;
    case 'dropped':
      expectTypeOf(deliveryEvent.reason).toEqualTypeOf<OdpErrorCode>();
      return deliveryEvent.id ?? deliveryEvent.account;
    case 'invalid':
      return deliveryEvent.violations.map(({ path }) => path).join();
    case 'retrying':
      return `${deliveryEvent.ids.join()} ${deliveryEvent.delay}`;
    case 'suspended':
      // @ts-expect-error -- no single event is concerned
      return deliveryEvent.id as string;
    case 'integrated':
      return deliveryEvent.host;
    case 'resumed':
    case 'disintegrated':
      return deliveryEvent.account;
    default:
      expectTypeOf(deliveryEvent).toBeNever();
      return '';
  }
}

/* The transport is a port that users may fill */

export const offline: OdpTransport = {
  send: ({ body, signal }) => {
    signal.throwIfAborted();
    return Promise.resolve({ status: 202, headers: {}, body: body.toString() });
  },
};
