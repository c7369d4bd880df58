import type { CallHandler, ExecutionContext } from '@nestjs/common';
import type { Observable } from 'rxjs';
import type { CallerContext } from '../identity/index.js';
import type { ActionRunner } from './action-runner.js';
import { isGetRoute } from './handlers.js';
import { actionsOf } from './action-metadata.js';
import { handleForCaller, userOf } from '../identity/index.js';
import type { OdpAction } from './odp-action.js';
import { watchHandler } from './watch-handler.js';

/**
 * The interceptor that a call belongs to. It stands on the call itself: a
 * WeakMap that each request enters would cost the collector more than all else
 * that is done here.
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
    if (actions.length === 0 || isHeadOfGet(call)) {
      return handleForCaller(this.#callers, call, next);
    }
    // The interceptor may be bound to a handler, to its class and globally, and
    // each call must count once. Nest asks from the outside in, so the last to
    // ask is the nearest to the handler, and binding it globally changes nothing.
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

/** A HEAD request asks for a GET route's headers only: nobody has seen what it shows. */
const isHeadOfGet = (call: ExecutionContext): boolean =>
  call.getType() === 'http' &&
  call.getArgByIndex<{ method?: string } | undefined>(0)?.method === 'HEAD' &&
  isGetRoute(call.getHandler());
