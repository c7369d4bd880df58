import {
  Global,
  Inject,
  type MiddlewareConsumer,
  Module,
  type NestModule,
} from '@nestjs/common';
import {
  ApplicationConfig,
  DiscoveryModule,
  DiscoveryService,
  HttpAdapterHost,
  MetadataScanner,
  ModuleRef,
} from '@nestjs/core';
import { AmbientIdentity } from '../identity/index.js';
import { ActionRunner } from './action-runner.js';
import { CallTracker } from './call-tracker.js';
import { classesOf, methodsOf } from './classes.js';
import { DecoratorCheck } from './decorator-check.js';
import { isBeyondHttp } from './handlers.js';
import { FollowingInterceptor, followHttp } from '../identity/index.js';

/**
 * @internal What all accounts of an app share: imported by each, it exists
 * once. Global, since Nest runs the middleware of global modules first.
 */
@Global()
@Module({
  imports: [DiscoveryModule],
  providers: [
    {
      provide: AmbientIdentity,
      inject: [ApplicationConfig, DiscoveryService, MetadataScanner],
      // Nest makes the path of every handler longer for a global interceptor,
      // so it is there only once an account has asked for it, and only where
      // middleware, which follows HTTP requests, is not enough.
      useFactory: (
        config: ApplicationConfig,
        discovery: DiscoveryService,
        scanner: MetadataScanner,
      ) => {
        const ambient = new AmbientIdentity(() => {
          if (hasHandlersBeyondHttp(discovery, scanner)) {
            config.addGlobalInterceptor(new FollowingInterceptor(ambient));
          }
        });
        return ambient;
      },
    },
    {
      provide: ActionRunner,
      inject: [ModuleRef, AmbientIdentity],
      useFactory: (modules: ModuleRef, ambient: AmbientIdentity) =>
        new ActionRunner(modules, ambient),
    },
    {
      provide: CallTracker,
      inject: [AmbientIdentity, ActionRunner],
      useFactory: (ambient: AmbientIdentity, runner: ActionRunner) =>
        new CallTracker(ambient, runner),
    },
    {
      provide: DecoratorCheck,
      inject: [DiscoveryService, MetadataScanner, ModuleRef],
      useFactory: (
        discovery: DiscoveryService,
        scanner: MetadataScanner,
        modules: ModuleRef,
      ) => new DecoratorCheck(discovery, scanner, modules),
    },
  ],
  exports: [AmbientIdentity],
})
export class OdpTrackingModule implements NestModule {
  readonly #ambient: AmbientIdentity;
  readonly #host: HttpAdapterHost;

  constructor(
    @Inject(AmbientIdentity) ambient: AmbientIdentity,
    @Inject(HttpAdapterHost) host: HttpAdapterHost,
  ) {
    this.#ambient = ambient;
    this.#host = host;
  }

  configure(consumer: MiddlewareConsumer): void {
    if (this.#ambient.wanted) followHttp(this.#ambient, consumer, this.#host);
  }
}

function hasHandlersBeyondHttp(
  discovery: DiscoveryService,
  scanner: MetadataScanner,
): boolean {
  const classes = classesOf([
    ...discovery.getControllers(),
    ...discovery.getProviders(),
  ]);
  return [...classes].some((one) =>
    methodsOf(one, scanner).some(({ handler }) => isBeyondHttp(handler)),
  );
}
