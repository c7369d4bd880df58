import type { ExecutionContext } from '@nestjs/common';
import { isGraphqlField } from './handlers.js';
import type { OdpAction } from './odp-action.js';
import { graphqlContext } from '../identity/index.js';

/** Which actions have been sent for a GraphQL operation that runs their handler many times. */
export class OncePerRequest {
  readonly #done = new WeakMap<object, Set<OdpAction>>();

  /** Whether the action was sent before. */
  wasSent(action: OdpAction, call: ExecutionContext): boolean {
    const key = keyOf(action, call);
    return key !== undefined && this.#done.get(key)?.has(action) === true;
  }

  /** Notes that it is sent now. */
  sent(action: OdpAction, call: ExecutionContext): void {
    const key = keyOf(action, call);
    if (key === undefined) return;
    const done = this.#done.get(key) ?? new Set();
    this.#done.set(key, done.add(action));
  }
}

/** What the runs of an operation have in common; `undefined` if each run counts. */
function keyOf(action: OdpAction, call: ExecutionContext): object | undefined {
  if (call.getType<string>() !== 'graphql') return undefined;
  const { oncePerRequest = isGraphqlField(call.getHandler()) } = action;
  const context = graphqlContext(call.getArgs());
  return oncePerRequest && typeof context === 'object' && context !== null
    ? context
    : undefined;
}
