import {
  type CallHandler,
  type ExecutionContext,
  Inject,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { Observable } from 'rxjs';
import { AmbientIdentity } from '../service/index.js';
import { ActionRunner } from './action-runner.js';
import { actionsOf } from './action-metadata.js';
import { HandledCalls } from './handled-calls.js';
import { odpRequestOf } from './odp-request.js';

/**
 * Sends the events of `@SendOdpEvent()`, which binds it: there is no need to
 * register it.
 */
@Injectable()
export class OdpEventInterceptor implements NestInterceptor {
  readonly #modules: ModuleRef;

  constructor(@Inject(ModuleRef) modules: ModuleRef) {
    this.#modules = modules;
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const calls = this.#get(HandledCalls);
    if (!calls.begin(context)) return next.handle();
    const actions = [
      ...actionsOf(context.getClass()),
      ...actionsOf(context.getHandler()),
    ];
    const outcome = this.#get(ActionRunner).follow(actions, context);
    const caller = { request: () => odpRequestOf(context) };
    return new Observable((subscriber) =>
      this.#get(AmbientIdentity).run(caller, () =>
        next.handle().pipe(outcome).subscribe(subscriber),
      ),
    );
  }

  #get<T>(token: abstract new (...args: never[]) => T): T {
    return this.#modules.get<T>(token, { strict: false });
  }
}
