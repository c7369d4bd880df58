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
      /** The caller for other accounts. */
      readonly outer?: Caller | undefined;
    };

/** Carries the caller through everything that a request or job starts. One serves the whole app. */
export class CallerContext {
  readonly #storage = new AsyncLocalStorage<Caller>();
  readonly #onEnabled: () => void;
  #enabled = false;

  /** @param onEnabled called once, when the first account wants to know the caller */
  constructor(onEnabled: () => void = () => {}) {
    this.#onEnabled = onEnabled;
  }

  /** Whether any account has an `identity`; otherwise requests cost nothing. */
  get enabled(): boolean {
    return this.#enabled;
  }

  /** From now on, every request runs with its caller. */
  enable(): void {
    if (this.#enabled) return;
    this.#enabled = true;
    this.#onEnabled();
  }

  /** The current caller for this account; `undefined` outside of requests and jobs. */
  callerOf(account: object): Caller | undefined {
    let caller = this.#storage.getStore();
    while (caller !== undefined && 'account' in caller) {
      if (caller.account === account) return caller;
      caller = caller.outer;
    }
    return caller;
  }

  /** Runs `fn`, and everything that it starts, with these identifiers for the events of one account. */
  runWith<T>(identifiers: OdpIdentifiers, account: object, fn: () => T): T {
    const current = this.#storage.getStore();
    // Do not keep callers that this one hides, however deep jobs are nested.
    const outer =
      current !== undefined && 'account' in current
        ? current.account === account
          ? current.outer
          : current
        : current;
    return this.#storage.run({ identifiers, account, outer }, fn);
  }

  /** Runs `fn` on behalf of a request, if enabled, whoever was the caller before. */
  runForRequest<T>(request: () => OdpRequest, fn: () => T): T {
    return this.#enabled ? this.#storage.run({ request }, fn) : fn();
  }

  /** Like {@link runForRequest}, for what runs many functions on behalf of one request. */
  runnerFor(request: () => OdpRequest): <T>(fn: () => T) => T {
    const caller = { request };
    return (fn) =>
      !this.#enabled || this.#storage.getStore() === caller
        ? fn()
        : this.#storage.run(caller, fn);
  }
}
