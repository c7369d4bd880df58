import {
  type DynamicModule,
  Inject,
  Injectable,
  Module,
  type OnApplicationShutdown,
  Optional,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { ignoreElements, lastValueFrom } from 'rxjs';
import { proxyProof } from '../proxy-proof.js';
import { CallerContext } from '../identity/index.js';
import { findProvider, modulesOf, providersOf } from '../service/index.js';
import { OdpAccount } from '../account/index.js';
import { type InstrumentOdpOptions, report } from './instrument-odp.js';

/** Options of {@link OdpOpenTelemetryModule}. */
export type OdpOpenTelemetryOptions = Omit<InstrumentOdpOptions, 'accounts'>;

const OPTIONS = Symbol('ODP_OPENTELEMETRY_OPTIONS');

@Injectable()
class Instrumentation implements OnApplicationShutdown {
  readonly #app: ModuleRef;
  readonly #stop: () => void;
  #found: CallerContext | undefined;

  /** Starts at once: events that an earlier run left in the outbox are sent while the app boots. */
  constructor(
    @Inject(ModuleRef) app: ModuleRef,
    @Optional() @Inject(OPTIONS) options: OdpOpenTelemetryOptions = {},
  ) {
    this.#app = app;
    this.#stop = report(options, {
      accounts: () => this.#accounts(),
      isOf: (one) => one !== undefined && one === this.#callers(),
    });
    proxyProof(this);
  }

  /** Accounts close in this phase, too, and their last flush is still reported. */
  onApplicationShutdown(): void {
    const closed = this.#accounts().map(({ reporter }) =>
      lastValueFrom(reporter.deliveryEvents.pipe(ignoreElements()), {
        defaultValue: undefined,
      }),
    );
    void Promise.all(closed).then(this.#stop);
  }

  /** What stands for the app in messages. It is there before any account. */
  #callers(): CallerContext | undefined {
    return (this.#found ??= findProvider(modulesOf(this.#app), CallerContext));
  }

  #accounts(): OdpAccount[] {
    return providersOf(modulesOf(this.#app))
      .map(({ instance }): unknown => instance)
      .filter((instance) => instance instanceof OdpAccount);
  }
}

/**
 * Reports every account of the app to OpenTelemetry. Import it once, beside
 * `OptimizelyOdpModule`; see {@link instrumentOdp} for what it reports. The
 * OpenTelemetry SDK must be set up before the app is created.
 *
 * ```ts
 * imports: [OptimizelyOdpModule.forRoot({ … }), OdpOpenTelemetryModule]
 * ```
 */
@Module({ providers: [Instrumentation] })
export class OdpOpenTelemetryModule {
  /** Reports to providers that are not the global ones. */
  static forRoot(options: OdpOpenTelemetryOptions = {}): DynamicModule {
    return {
      module: OdpOpenTelemetryModule,
      providers: [{ provide: OPTIONS, useValue: options }],
    };
  }
}
