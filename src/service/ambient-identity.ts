import { AsyncLocalStorage } from 'node:async_hooks';
import type { OdpIdentifiers } from '../events/index.js';
import type { OdpRequest } from '../options/index.js';

/** Who is calling: a request under way, or identifiers set by hand. */
export type Caller =
  | { readonly request: () => OdpRequest }
  | { readonly identifiers: OdpIdentifiers };

/** Carries the caller through everything that a request or job starts. One serves the whole app. */
export class AmbientIdentity {
  readonly #callers = new AsyncLocalStorage<Caller>();

  /** Whoever is calling here; `undefined` outside of requests and jobs. */
  get caller(): Caller | undefined {
    return this.#callers.getStore();
  }

  /** Runs `fn`, and everything that it starts, on behalf of the caller. */
  run<T>(caller: Caller, fn: () => T): T {
    return this.#callers.run(caller, fn);
  }
}
