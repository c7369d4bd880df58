import {
  type CallHandler,
  type ExecutionContext,
  Inject,
  Injectable,
  Logger,
  type NestInterceptor,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { Observable } from 'rxjs';
import { CallTracker } from './call-tracker.js';

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
  readonly #modules: ModuleRef;
  #found: { readonly tracker?: CallTracker } | undefined;

  constructor(@Inject(ModuleRef) modules: ModuleRef) {
    this.#modules = modules;
  }

  intercept(call: ExecutionContext, next: CallHandler): Observable<unknown> {
    this.#found ??= this.#find();
    return this.#found.tracker?.track(call, next) ?? next.handle();
  }

  #find(): { readonly tracker?: CallTracker } {
    try {
      return { tracker: this.#modules.get(CallTracker, { strict: false }) };
    } catch {
      new Logger('OptimizelyOdp').warn(
        '@SendOdpEvent() sends nothing, since OptimizelyOdpModule is not imported. Import OptimizelyOdpModule.forRoot({ … }) in the root module.',
      );
      return {};
    }
  }
}
