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

  /** Whoever is calling here; `undefined` outside of requests and jobs. */
  get caller(): Caller | undefined {
    return this.#storage.getStore();
  }

  /** Runs `fn`, and everything that it starts, on behalf of the caller. */
  run<T>(caller: Caller, fn: () => T): T {
    return this.#storage.run(caller, fn);
  }

  /** Runs `fn` on behalf of a request, if enabled, whoever the caller was before. */
  runForRequest<T>(request: () => OdpRequest, fn: () => T): T {
    return this.#enabled ? this.run({ request }, fn) : fn();
  }
}
