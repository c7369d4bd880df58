import type { CallHandler, ExecutionContext } from '@nestjs/common';
import type { Observable } from 'rxjs';
import type { AmbientIdentity } from '../service/index.js';
import type { ActionRunner } from './action-runner.js';
import { actionsOf } from './action-metadata.js';
import { followCall } from './follow-requests.js';
import { watchHandler } from './watch-handler.js';

/** Follows the calls of handlers. One serves the whole app. */
export class CallTracker {
  readonly #ambient: AmbientIdentity;
  readonly #runner: ActionRunner;
  readonly #owners = new WeakMap<ExecutionContext, object>();

  constructor(ambient: AmbientIdentity, runner: ActionRunner) {
    this.#ambient = ambient;
    this.#runner = runner;
  }

  /** Follows the call, and sends the events of its decorators once it has ended. */
  track(call: ExecutionContext, next: CallHandler): Observable<unknown> {
    const actions = [
      ...actionsOf(call.getClass()),
      ...actionsOf(call.getHandler()),
    ];
    if (actions.length === 0) return followCall(this.#ambient, call, next);
    // The interceptor may be bound to a handler, to its class and globally, and
    // each call must count once. Nest asks from the outside in, so the last to
    // ask is the nearest to the handler, and binding it globally changes nothing.
    const owner = {};
    this.#owners.set(call, owner);
    return followCall(this.#ambient, call, next).pipe(
      watchHandler((end) => {
        if (this.#owners.get(call) === owner) {
          this.#runner.run(actions, call, end);
        }
      }),
    );
  }
}
