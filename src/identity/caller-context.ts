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
      /** Who is calling as other accounts see it. */
      readonly outer?: Caller | undefined;
    };

/** Carries the caller through everything that a request or job starts. One serves the whole app. */
export class CallerContext {
  readonly #storage = new AsyncLocalStorage<Caller>();
  readonly #onEnabled: () => void;
  #enabled = false;

  /** @param onEnabled called once, when the first account wants to know who is calling */
  constructor(onEnabled: () => void = () => {}) {
    this.#onEnabled = onEnabled;
  }

  /** Whether any account has an `identity`: if none has, requests cost nothing. */
  get enabled(): boolean {
    return this.#enabled;
  }

  /** Makes every request from now on run with its caller. */
  enable(): void {
    if (this.#enabled) return;
    this.#enabled = true;
    this.#onEnabled();
  }

  /** Whoever is calling here, as this account sees it; `undefined` outside of requests and jobs. */
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
    // What is hidden from now on is not kept, however deep jobs are nested.
    const outer =
      current !== undefined && 'account' in current
        ? current.account === account
          ? current.outer
          : current
        : current;
    return this.#storage.run({ identifiers, account, outer }, fn);
  }

  /** Runs `fn` on behalf of a request, if enabled, whoever the caller was before. */
  runForRequest<T>(request: () => OdpRequest, fn: () => T): T {
    return this.#enabled ? this.#storage.run({ request }, fn) : fn();
  }
}
