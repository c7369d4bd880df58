/** What an integration says about the ODP account. */
export type OdpIntegrationState =
  | {
      readonly kind: 'integrated';
      /** A secret. */
      readonly apiKey: string;
      /** An https origin, as the option `apiHost` takes it. */
      readonly apiHost: string;
      /** Names of the segments that the app's audiences use, each once, if that is known. */
      readonly segments?: readonly string[] | undefined;
    }
  | { readonly kind: 'notIntegrated' }
  | {
      /** The account is unknown for now, so the last one stays in use. */
      readonly kind: 'unusable';
      /** What went wrong with `source`, such as `answered 403`. It is logged, so it must hold no key. */
      readonly problem: string;
    };

/**
 * Where an account's key and host come from at run time, such as
 * `datafileIntegration()` of `nestjs-optimizely-odp/datafile`. One belongs to
 * one account.
 */
export interface OdpIntegration {
  /** Where it looks, for the log, such as `the datafile of …`; must hold no secret. */
  readonly source: string;
  /** How long the boot waits for the first state, in ms. */
  readonly readyTimeout: number;
  /**
   * What happens to events until there is a first state: `reject` discards them,
   * `hold` keeps them in the outbox.
   * @default 'reject'
   */
  readonly whenNotReady?: 'reject' | 'hold' | undefined;
  /**
   * Calls `listener` with the state as soon as it is known and after each
   * change; repeating a state does no harm.
   *
   * @returns a function that stops it
   */
  start(
    listener: (state: OdpIntegrationState) => void,
  ): () => void | Promise<void>;
}
