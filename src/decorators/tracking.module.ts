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
import {
  bindHttpCallers,
  CallerContext,
  CallerInterceptor,
} from '../identity/index.js';
import { modulesOf } from '../service/index.js';
import { ActionRunner } from './action-runner.js';
import { CallTracker } from './odp-event.interceptor.js';
import { CallerSegments } from './caller-segments.js';
import { DecoratorCheck, GuardOrderCheck } from './boot-checks.js';

/**
 * @internal What all accounts of an app share: imported by each, it exists
 * once. Global, since Nest runs the middleware of global modules first.
 */
@Global()
@Module({
  providers: proxyProofAll([
    {
      provide: CallerContext,
      inject: [ApplicationConfig],
      // A global interceptor costs every handler a little, so it is bound only
      // once an account has an `identity`. Middleware alone cannot tell whose
      // request a handler serves: the app's own middleware may continue in the
      // async context of another request.
      useFactory: (config: ApplicationConfig) => {
        const callers = new CallerContext(() =>
          config.addGlobalInterceptor(new CallerInterceptor(callers)),
        );
        return callers;
      },
    },
    {
      provide: BackgroundWork,
      useFactory: () => new BackgroundWork(),
    },
    { provide: ProcessEnd, useFactory: () => new ProcessEnd() },
    {
      provide: ActionRunner,
      inject: [ModuleRef, CallerContext, BackgroundWork],
      useFactory: (
        app: ModuleRef,
        callers: CallerContext,
        background: BackgroundWork,
      ) => new ActionRunner(modulesOf(app), callers, background),
    },
    {
      provide: CallerSegments,
      inject: [ModuleRef, CallerContext],
      useFactory: (app: ModuleRef, callers: CallerContext) =>
        new CallerSegments(modulesOf(app), callers),
    },
    {
      provide: GuardOrderCheck,
      inject: [ModuleRef],
      useFactory: (app: ModuleRef) =>
        new GuardOrderCheck(modulesOf(app), new MetadataScanner()),
    },
    {
      provide: CallTracker,
      inject: [CallerContext, ActionRunner],
      useFactory: (callers: CallerContext, runner: ActionRunner) =>
        new CallTracker(callers, runner),
    },
    {
      provide: DecoratorCheck,
      inject: [ModuleRef],
      useFactory: (app: ModuleRef) =>
        new DecoratorCheck(modulesOf(app), new MetadataScanner()),
    },
  ]),
  exports: [CallerContext, BackgroundWork, ProcessEnd],
})
export class OdpTrackingModule implements NestModule {
  readonly #callers: CallerContext;
  readonly #host: HttpAdapterHost;

  constructor(
    @Inject(CallerContext) callers: CallerContext,
    @Inject(HttpAdapterHost) host: HttpAdapterHost,
  ) {
    this.#callers = callers;
    this.#host = host;
    proxyProof(this);
  }

  configure(consumer: MiddlewareConsumer): void {
    if (this.#callers.enabled)
      bindHttpCallers(this.#callers, consumer, this.#host);
  }
}
