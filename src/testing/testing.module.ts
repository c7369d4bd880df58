import type { OptionsOf } from '../options/index.js';
import type { DynamicModule } from '@nestjs/common';
import { ODP_INTEGRATION, ODP_RUNTIME, runtimeOf } from '../module/index.js';
import type { Clock } from '../clock.js';
import type { OdpDeliveryOptions } from '../delivery/index.js';
import type { OptimizelyOdpModuleOptions } from '../module/index.js';
import type { OptimizelyOdpModuleExtras } from '../module/index.js';
import { OptimizelyOdpModule } from '../module/index.js';
import { type OdpIntegration, OdpTransport } from '../odp/index.js';
import { RecordingOdpTransport } from './recording.transport.js';

/** Options of {@link OptimizelyOdpTestingModule}: those of the real module, each with a default for tests. */
export interface OptimizelyOdpTestingOptions
  extends OptimizelyOdpModuleOptions, OptimizelyOdpModuleExtras {
  /**
   * Records what is sent. Get it with `app.get(RecordingOdpTransport)`, or pass
   * your own, for example one per named account.
   * @default a new RecordingOdpTransport
   */
  readonly transport?: OdpTransport | undefined;
  /**
   * The time, for tests that move it.
   * @default the machine's
   */
  readonly clock?: Clock | undefined;
}

/** Events are sent at once, and retried soon and predictably. */
const DELIVERY: OptionsOf<OdpDeliveryOptions> = {
  flushInterval: 0,
  shutdownTimeout: 100,
  retry: { delay: 10, factor: 1, maxDelay: 10, jitter: false },
};

/**
 * Replaces `OptimizelyOdpModule` in tests: the same services, decorators and
 * delivery, but nothing leaves the process.
 *
 * ```ts
 * imports: [OptimizelyOdpTestingModule.forRoot()]
 * ```
 */
export class OptimizelyOdpTestingModule {
  static forRoot({
    transport = new RecordingOdpTransport(),
    clock,
    delivery,
    ...options
  }: OptimizelyOdpTestingOptions = {}): DynamicModule {
    const module = OptimizelyOdpModule.forRoot({
      ...(options.integration === undefined && { apiKey: 'test-key' }),
      ...options,
      delivery: {
        ...DELIVERY,
        ...delivery,
        retry: { ...DELIVERY.retry, ...delivery?.retry },
      },
    });
    return {
      ...module,
      // Of two providers of one token, the later one wins.
      providers: [
        ...(module.providers ?? []),
        { provide: OdpTransport, useValue: transport },
        { provide: RecordingOdpTransport, useExisting: OdpTransport },
        { provide: ODP_INTEGRATION, useValue: testAccount },
        {
          provide: ODP_RUNTIME,
          useFactory: () => runtimeOf(options.name, clock),
        },
      ],
      exports: [...(module.exports ?? []), RecordingOdpTransport],
    };
  }
}

/** In a test, an app that takes its account from a datafile fetches none. */
const testAccount = (
  integration: OdpIntegration | undefined,
): OdpIntegration | undefined =>
  integration && {
    source: 'the test',
    readyTimeout: 0,
    start(listener) {
      const apiHost = 'https://api.us1.odp.optimizely.com';
      listener({ kind: 'integrated', apiKey: 'test-key', apiHost });
      return () => {};
    },
  };

/** What is used of the builder that `Test.createTestingModule` returns. */
export interface TransportOverride {
  overrideProvider(token: unknown): { useValue(value: unknown): unknown };
}

/**
 * Makes all accounts of an app under test send to `transport`, whatever its modules
 * configure, and fetch no datafile.
 *
 * ```ts
 * const builder = Test.createTestingModule({ imports: [AppModule] });
 * const transport = overrideOdpTransport(builder);
 * const app = (await builder.compile()).createNestApplication();
 * ```
 *
 * @param builder what `Test.createTestingModule` returned, not yet compiled
 * @returns the transport
 */
export function overrideOdpTransport(
  builder: TransportOverride,
): RecordingOdpTransport;
export function overrideOdpTransport<T extends OdpTransport>(
  builder: TransportOverride,
  transport: T,
): T;
export function overrideOdpTransport(
  builder: TransportOverride,
  transport: OdpTransport = new RecordingOdpTransport(),
): OdpTransport {
  builder.overrideProvider(OdpTransport).useValue(transport);
  builder.overrideProvider(ODP_INTEGRATION).useValue(testAccount);
  return transport;
}
