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
  type ModulesContainer,
} from '@nestjs/core';
import {
  AccountOutboxes,
  BackgroundWork,
  ProcessEnd,
} from '../account/index.js';
import { proxyProof, proxyProofAll } from '../proxy-proof.js';
import {
  bindHttpCallers,
  bindHttpCallersLast,
  CallerContext,
  CallerInterceptor,
} from '../identity/index.js';
import { modulesOf } from '../service/index.js';
import { ActionRunner } from './action-runner.js';
import { CallTracker } from './odp-event.interceptor.js';
import { CallerSegments } from './caller-segments.js';
import { DecoratorCheck, GuardOrderCheck } from './boot-checks.js';

/** Farther than any module but the global ones, whose middleware runs first. */
const FARTHEST = Number.MAX_SAFE_INTEGER;

/**
 * Its middleware runs last, since Nest goes by the distance from the root module,
 * and its interceptor next to those of controllers: between the two global ones,
 * those of the app are called as the request, and hear of the result as the request.
 */
@Module({})
class OptimizelyOdpCallersModule implements NestModule {
  readonly #callers: CallerContext;
  readonly #host: HttpAdapterHost;
  readonly #config: ApplicationConfig;
  readonly #modules: ModulesContainer;

  constructor(
    @Inject(CallerContext) callers: CallerContext,
    @Inject(HttpAdapterHost) host: HttpAdapterHost,
    @Inject(ApplicationConfig) config: ApplicationConfig,
    @Inject(ModuleRef) app: ModuleRef,
  ) {
    this.#callers = callers;
    this.#host = host;
    this.#config = config;
    this.#modules = modulesOf(app);
    proxyProof(this);
  }

  configure(consumer: MiddlewareConsumer): void {
    if (!this.#callers.enabled) return;
    for (const module of this.#modules.values()) {
      if (module.metatype === OptimizelyOdpCallersModule)
        module.distance = FARTHEST;
    }
    bindHttpCallersLast(this.#callers, consumer, this.#host);
    this.#config.addGlobalInterceptor(new CallerInterceptor(this.#callers));
  }
}

/**
 * @internal What all accounts of an app share: imported by each, it exists
 * once. Global, since Nest runs the middleware of global modules first.
 */
@Global()
@Module({
  imports: [OptimizelyOdpCallersModule],
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
    { provide: AccountOutboxes, useFactory: () => new AccountOutboxes() },
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
  exports: [CallerContext, BackgroundWork, ProcessEnd, AccountOutboxes],
})
export class OptimizelyOdpSharedModule implements NestModule {
  readonly #callers: CallerContext;

  constructor(@Inject(CallerContext) callers: CallerContext) {
    this.#callers = callers;
    proxyProof(this);
  }

  configure(consumer: MiddlewareConsumer): void {
    if (this.#callers.enabled) bindHttpCallers(this.#callers, consumer);
  }
}
