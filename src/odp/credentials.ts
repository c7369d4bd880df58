/** An ODP account's key and the host it belongs to; frozen, so that the two never mix. */
export interface OdpCredentials {
  /** A secret. */
  readonly apiKey: string;
  /** Without a trailing slash. */
  readonly apiHost: string;
}

/** Whether a header can hold it unchanged. */
export const isApiKey = (value: unknown): value is string =>
  typeof value === 'string' && /^[\x21-\x7e]+$/.test(value);

/**
 * The credentials in use, which an integration may change at run time. A
 * request reads `current` once, so its key never travels to another account's
 * host.
 */
export class CredentialsHolder {
  #current: OdpCredentials | undefined;
  readonly #listeners = new Set<() => void>();

  constructor(initial?: OdpCredentials) {
    this.#current = frozen(initial);
  }

  /** `undefined` as long as no account is integrated. */
  get current(): OdpCredentials | undefined {
    return this.#current;
  }

  /** Takes effect with the next request. Setting the same pair again changes nothing. */
  set(next: OdpCredentials | undefined): void {
    const { apiKey, apiHost } = this.#current ?? {};
    if (next?.apiKey === apiKey && next?.apiHost === apiHost) return;
    this.#current = frozen(next);
    for (const listener of this.#listeners) listener();
  }

  /**
   * Calls `listener`, which must not throw, after each change.
   *
   * @returns a function that stops that
   */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}

const frozen = (credentials: OdpCredentials | undefined) =>
  credentials &&
  Object.freeze({
    apiKey: credentials.apiKey,
    apiHost: credentials.apiHost,
  });
