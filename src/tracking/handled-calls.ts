import type { ExecutionContext } from '@nestjs/common';

/**
 * The calls whose events are taken care of. One serves the whole app: the
 * interceptor may be bound to a handler, to its class and globally, and each
 * call must count once.
 */
export class HandledCalls {
  readonly #calls = new WeakSet<ExecutionContext>();

  /** Returns whether this is the first to see the call. */
  begin(call: ExecutionContext): boolean {
    if (this.#calls.has(call)) return false;
    this.#calls.add(call);
    return true;
  }
}
