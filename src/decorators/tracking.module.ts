import {
  Global,
  Inject,
  type MiddlewareConsumer,
  Module,
  type NestModule,
} from '@nestjs/common';
import {
  ApplicationConfig,
  HttpAdapterHost,
  MetadataScanner,
  ModuleRef,
} from '@nestjs/core';
import { BackgroundWork, ProcessEnd } from '../account/index.js';
import { proxyProof, proxyProofAll } from '../proxy-proof.js';
import { AmbientIdentity } from '../identity/index.js';
import { modulesOf } from '../service/index.js';
import { ActionRunner } from './action-runner.js';
import { CallTracker } from './call-tracker.js';
import { CallerSegments } from './caller-segments.js';
import { DecoratorCheck } from './decorator-check.js';
import { GuardOrderCheck } from './guard-order-check.js';
import { FollowingInterceptor, followHttp } from '../identity/index.js';

/**
 * @internal What all accounts of an app share: imported by each, it exists
 * once. Global, since Nest runs the middleware of global modules first.
 */
@Global()
@Module({
  providers: proxyProofAll([
    {
      provide: AmbientIdentity,
      inject: [ApplicationConfig],
      // A global interceptor costs every handler a little, so it is bound only
      // once an account has an `identity`. Middleware alone cannot tell whose
      // request a handler serves: the app's own middleware may continue in the
      // async context of another request.
      useFactory: (config: ApplicationConfig) => {
        const ambient = new AmbientIdentity(() =>
          config.addGlobalInterceptor(new FollowingInterceptor(ambient)),
        );
        return ambient;
      },
    },
    {
      provide: BackgroundWork,
      useFactory: () => new BackgroundWork(),
    },
    { provide: ProcessEnd, useFactory: () => new ProcessEnd() },
    {
      provide: ActionRunner,
      inject: [ModuleRef, AmbientIdentity, BackgroundWork],
      useFactory: (
        app: ModuleRef,
        ambient: AmbientIdentity,
        background: BackgroundWork,
      ) => new ActionRunner(modulesOf(app), ambient, background),
    },
    {
      provide: CallerSegments,
      inject: [ModuleRef, AmbientIdentity],
      useFactory: (app: ModuleRef, ambient: AmbientIdentity) =>
        new CallerSegments(modulesOf(app), ambient),
    },
    {
      provide: GuardOrderCheck,
      inject: [ModuleRef],
      useFactory: (app: ModuleRef) =>
        new GuardOrderCheck(modulesOf(app), new MetadataScanner()),
    },
    {
      provide: CallTracker,
      inject: [AmbientIdentity, ActionRunner],
      useFactory: (ambient: AmbientIdentity, runner: ActionRunner) =>
        new CallTracker(ambient, runner),
    },
    {
      provide: DecoratorCheck,
      inject: [ModuleRef],
      useFactory: (app: ModuleRef) =>
        new DecoratorCheck(modulesOf(app), new MetadataScanner()),
    },
  ]),
  exports: [AmbientIdentity, BackgroundWork, ProcessEnd],
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
    proxyProof(this);
  }

  configure(consumer: MiddlewareConsumer): void {
    if (this.#ambient.wanted) followHttp(this.#ambient, consumer, this.#host);
  }
}
