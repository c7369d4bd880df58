import type { OdpSandboxEvent } from '../state/received.js';

/** All that is given must hold; an empty pattern matches every event. */
export interface EventPattern {
  readonly type?: string;
  readonly action?: string;
  /**
   * A path that the event has, e.g. `data.coupon` or `identifiers.email`.
   * It looks into every item of a list: `data.order.items.product_id`.
   */
  readonly field?: string;
  /** The value at `field`, as text. */
  readonly value?: string;
}

/** Which requests a fault strikes: all under `/v3`, unless narrowed. */
export interface FaultScope {
  /** Strikes this many requests, then ends. */
  readonly times?: number;
  /** Strikes this share of requests, from 0 to 1. */
  readonly share?: number;
  /**
   * Only requests whose path starts with this, e.g. `/v3/graphql`. Datafiles
   * are struck only by faults that name `/datafiles` here.
   */
  readonly path?: string;
  /** Only requests that hold an event, or another object, that matches. */
  readonly match?: EventPattern | ((event: OdpSandboxEvent) => boolean);
}

/**
 * Answers with this status and accepts nothing. Below 300, where ODP would
 * have accepted, one of `body`, `html`, `bodyBytes` and `dribble` is needed.
 */
export interface StatusFault extends FaultScope {
  /** 200 to 599. */
  readonly status: number;
  /** `Retry-After`: seconds, or an HTTP date as it should read. */
  readonly retryAfter?: number | string;
  /** Further response headers, e.g. `location`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** This body instead of ODP's JSON; sent as HTML if it starts with `<`. */
  readonly body?: string;
  /** An HTML page instead of ODP's JSON: what a proxy or a login page answers. */
  readonly html?: true;
  /** A JSON body of this many bytes. */
  readonly bodyBytes?: number;
  /** The headers, then the body a byte at a time, without end. */
  readonly dribble?: true;
}

/** Answers this many ms late; the request is accepted meanwhile. */
export interface LatencyFault extends FaultScope {
  readonly latency: number;
}

/** Accepts nothing and never answers; the connection stays open. */
export interface HangFault extends FaultScope {
  readonly hang: true;
}

/** Resets the connection, `before` or `after` accepting what came over it. */
export interface ResetFault extends FaultScope {
  readonly reset: 'before' | 'after';
}

/** Answers 400 with `detail.invalids` if a request holds events, or customers, that match. */
export interface InvalidFault extends FaultScope {
  readonly invalid: EventPattern | ((event: OdpSandboxEvent) => boolean);
  /** @default "refused by a sandbox fault" */
  readonly message?: string;
}

/** Something that goes wrong at ODP, or on the way there. */
export type OdpFault =
  StatusFault | LatencyFault | HangFault | ResetFault | InvalidFault;

/** A fault that is on. */
export interface OdpActiveFault {
  readonly id: number;
  readonly fault: OdpFault;
  /** How many requests it has struck. */
  readonly struck: number;
  /** What it does, in words. */
  readonly description: string;
  /** Ends it. */
  clear(): void;
}

export const DEFAULT_INVALID_MESSAGE = 'refused by a sandbox fault';
