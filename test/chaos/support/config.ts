import type { OdpDeliveryOptions } from '../../../src/index.js';

/** Which outbox a test app keeps its events in. */
export type OutboxConfig =
  | { readonly kind: 'memory'; readonly capacity?: number }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'redis'; readonly url: string; readonly key: string }
  | {
      readonly kind: 'postgres' | 'mysql';
      readonly url: string;
      readonly table: string;
    };

/** What a test app is started with. */
export interface AppConfig {
  readonly apiHost?: string;
  /** The address of the datafile that names the account, instead of `apiHost`. */
  readonly datafile?: string;
  readonly outbox: OutboxConfig;
  readonly delivery?: Partial<OdpDeliveryOptions>;
}

/** What a test app is told to do. */
export type Command =
  /** Sends events one by one, from so many callers at once, until stopped or until so many are accepted. */
  | {
      readonly do: 'load';
      readonly prefix: string;
      readonly callers: number;
      readonly count?: number | undefined;
      /** Between two events of a caller, in ms. */
      readonly pause?: number | undefined;
    }
  | { readonly do: 'stop' }
  /** Sends so many events in one call. */
  | { readonly do: 'send'; readonly prefix: string; readonly count: number }
  | { readonly do: 'flush'; readonly timeout: number }
  | { readonly do: 'measure' };

/** How a test app is doing. */
export interface Measures {
  readonly pending: number;
  readonly retries: number;
  /** Of the process, at most so far, in MiB. */
  readonly rss: number;
  /** In MiB. */
  readonly heap: number;
  /** How late the event loop was since the last time it was asked, in ms: 99th percentile and most. */
  readonly lag: { readonly p99: number; readonly most: number };
}

export interface Refusal {
  readonly name: string;
  readonly code: string;
  readonly message: string;
}

/** What a test app tells. */
export type Report =
  | { readonly type: 'ready' }
  /** `sendOdpEvent` has resolved for these: identifier `n` and idempotence_id. */
  | {
      readonly type: 'accepted';
      readonly events: readonly (readonly [n: string, id: string])[];
    }
  | { readonly type: 'refused'; readonly refusals: readonly Refusal[] }
  | {
      readonly type: 'answer';
      readonly call: number;
      readonly value?: unknown;
      readonly error?: Refusal;
    };
