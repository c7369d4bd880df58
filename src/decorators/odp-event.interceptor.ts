import {
  type CallHandler,
  type ExecutionContext,
  Inject,
  Injectable,
  Logger,
  type NestInterceptor,
} from '@nestjs/common';
import { ModuleRef, type ModulesContainer } from '@nestjs/core';
import type { Observable } from 'rxjs';
import { proxyProof } from '../proxy-proof.js';
import { findProvider, modulesOf } from '../service/index.js';
import { CallTracker } from './call-tracker.js';
import { GuardedLogger } from '../reporting/index.js';

/**
 * Sends the events of `@SendOdpEvent()`, which binds it: there is no need to
 * register it. Bind it yourself, with `@UseInterceptors()`, only where handlers
 * without the decorator should know who is calling and otherwise would not:
 * where Nest runs no global interceptors, as in a microservice that is connected
 * to an HTTP app without `inheritAppConfig`, and behind a middleware that loses
 * the async context.
 */
@Injectable()
export class OdpEventInterceptor implements NestInterceptor {
  readonly #modules: ModulesContainer;
  #tracker: CallTracker | undefined;
  #warned = false;

  /** Made by Nest, which knows the app. */
  constructor(@Inject(ModuleRef) app: ModuleRef) {
    if ((app as ModuleRef | undefined) === undefined) {
      throw new TypeError(
        "new OdpEventInterceptor() cannot know the app. Let Nest make it: { provide: APP_INTERCEPTOR, useClass: OdpEventInterceptor } in a module's providers, or @UseInterceptors(OdpEventInterceptor).",
      );
    }
    this.#modules = modulesOf(app);
    proxyProof(this);
  }

  intercept(call: ExecutionContext, next: CallHandler): Observable<unknown> {
    this.#tracker ??= this.#find();
    return this.#tracker?.track(call, next) ?? next.handle();
  }

  /** `undefined` as long as our module is not there; it may be loaded lazily. */
  #find(): CallTracker | undefined {
    const found = findProvider(this.#modules, CallTracker);
    if (found === undefined && !this.#warned) {
      this.#warned = true;
      new GuardedLogger(new Logger('OptimizelyOdp')).warn(
        '@SendOdpEvent() sends nothing, since OptimizelyOdpModule is not imported. Import OptimizelyOdpModule.forRoot({ … }) in the root module.',
      );
    }
    return found;
  }
}
