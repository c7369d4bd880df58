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
import { GuardedLogger } from '../reporting/index.js';
import {
  type CallerContext,
  handleForCaller,
  userOf,
} from '../identity/index.js';
import type { ActionRunner } from './action-runner.js';
import { isSharedRoute } from './handlers.js';
import { actionsOf } from './action-metadata.js';
import type { OdpAction } from './odp-action.js';
import { watchHandler } from './handler-end.js';

/**
 * Sends the events of `@SendOdpEvent()`, which binds it: there is no need to
 * register it. Bind it yourself, with `@UseInterceptors()`, only if handlers without
 * the decorator should know the caller and otherwise would not: if Nest runs no
 * global interceptors, as in a microservice connected to an HTTP app without
 * `inheritAppConfig`, or behind a middleware that loses the async context.
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

  /** `undefined` until our module is there, which may be loaded lazily. */
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

/**
 * The interceptor that a call belongs to. It is a property of the call: entering
 * each request in a WeakMap would cost the garbage collector more than all the rest.
 */
const OWNER = Symbol('ODP_OWNER');
type OwnedCall = ExecutionContext & { [OWNER]?: object };

/** Sends the events of decorators. One serves the whole app. */
export class CallTracker {
  readonly #callers: CallerContext;
  readonly #runner: ActionRunner;
  /** By class and handler: a handler may be inherited by several classes. */
  readonly #actions = new Map<object, Map<object, readonly OdpAction[]>>();

  constructor(callers: CallerContext, runner: ActionRunner) {
    this.#callers = callers;
    this.#runner = runner;
  }

  /** Runs the call, and sends the events of its decorators once it has ended. */
  track(call: ExecutionContext, next: CallHandler): Observable<unknown> {
    const actions = this.#actionsOf(call);
    if (actions.length === 0 || onlyAsks(call)) {
      return handleForCaller(this.#callers, call, next);
    }
    // The interceptor may be bound to a handler, to its class and globally, but each
    // call must count once. Nest calls interceptors from the outside in, so the last
    // one is nearest to the handler, and binding it globally changes nothing.
    const owner = {};
    const before = userOf(call);
    (call as OwnedCall)[OWNER] = owner;
    return handleForCaller(this.#callers, call, next).pipe(
      watchHandler((end) => {
        if ((call as OwnedCall)[OWNER] === owner) {
          this.#runner.run(actions, call, end, before);
        }
      }),
    );
  }

  #actionsOf(call: ExecutionContext): readonly OdpAction[] {
    const controller = call.getClass();
    const handler = call.getHandler();
    let handlers = this.#actions.get(controller);
    if (handlers === undefined) {
      handlers = new Map();
      this.#actions.set(controller, handlers);
    }
    let actions = handlers.get(handler);
    if (actions === undefined) {
      actions = [...actionsOf(controller), ...actionsOf(handler)];
      handlers.set(handler, actions);
    }
    return actions;
  }
}

/** Methods that only ask what a route would answer. */
const ONLY_ASKS: readonly unknown[] = ['HEAD', 'OPTIONS'];

/** Whether the call only asks for headers of a route that was not written for that. */
const onlyAsks = (call: ExecutionContext): boolean =>
  call.getType() === 'http' &&
  ONLY_ASKS.includes(
    call.getArgByIndex<{ method?: unknown } | undefined>(0)?.method,
  ) &&
  isSharedRoute(call.getHandler());
