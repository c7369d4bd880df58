import { AsyncLocalStorage } from 'node:async_hooks';
import type { OdpIdentifiers } from '../events/index.js';
import type { OdpRequest } from './odp-request.js';

/** Who is calling: a request under way, or identifiers set by hand. */
export type Caller =
  | { readonly request: () => OdpRequest }
  | {
      readonly identifiers: OdpIdentifiers;
      /** The account whose events get them. */
      readonly account: object;
    };

/** Carries the caller through everything that a request or job starts. One serves the whole app. */
export class AmbientIdentity {
  readonly #callers = new AsyncLocalStorage<Caller>();
  readonly #onWanted: () => void;
  #wanted = false;

  /** @param onWanted called once, when the first account wants to know who is calling */
  constructor(onWanted: () => void = () => {}) {
    this.#onWanted = onWanted;
  }

  /** Whether any account has an `identity`: if none has, requests cost nothing. */
  get wanted(): boolean {
    return this.#wanted;
  }

  /** Asks for requests to be followed. */
  want(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#onWanted();
  }

  /** Whoever is calling here; `undefined` outside of requests and jobs. */
  get caller(): Caller | undefined {
    return this.#callers.getStore();
  }

  /** Runs `fn`, and everything that it starts, on behalf of the caller. */
  run<T>(caller: Caller, fn: () => T): T {
    return this.#callers.run(caller, fn);
  }

  /** Runs `fn` on behalf of a request, if that is wanted, whoever the caller was before. */
  follow<T>(request: () => OdpRequest, fn: () => T): T {
    return this.#wanted ? this.run({ request }, fn) : fn();
  }
}
