/** What an integration says of the ODP account. */
export type OdpIntegrationState =
  | {
      readonly kind: 'integrated';
      /** A secret. */
      readonly apiKey: string;
      /** An origin, without a trailing slash. */
      readonly apiHost: string;
    }
  | { readonly kind: 'notIntegrated' }
  /** It cannot be used, so the last usable one holds. `problem` is logged: no key in it. */
  | { readonly kind: 'invalid'; readonly problem: string };

/**
 * Where an account's key and host come from at run time, such as
 * `datafileIntegration()` of `nestjs-optimizely-odp/datafile`. One belongs to
 * one account.
 */
export interface OdpIntegration {
  /** Where it looks, for the log; no secret in it. */
  readonly source: string;
  /** How long the boot waits for the first state, in ms. */
  readonly readyTimeout: number;
  /** Calls `listener` with the first state and after each change. Called once; must not throw. */
  start(listener: (state: OdpIntegrationState) => void): void;
  /** Stops what `start` began. */
  close(): Promise<void>;
}
