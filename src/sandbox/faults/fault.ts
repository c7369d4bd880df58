import type { OdpSandboxEvent } from '../state/received.js';

/** How often a fault strikes: every time unless told otherwise. */
export interface FaultTiming {
  /** Strikes this many requests, then is gone. */
  readonly times?: number;
  /** Strikes this share of requests, from 0 to 1. */
  readonly share?: number;
}

/** Answers with this status and accepts nothing. */
export interface StatusFault extends FaultTiming {
  /** 300 to 599. */
  readonly status: number;
  /** `Retry-After`: seconds, or an HTTP date as it should stand there. */
  readonly retryAfter?: number | string;
  /** Further response headers, e.g. `location`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Another body than ODP's JSON, e.g. a proxy's HTML page. */
  readonly body?: string;
}

/** Answers this many ms late; the request is accepted meanwhile. */
export interface LatencyFault extends FaultTiming {
  readonly latency: number;
}

/** Accepts nothing and never answers; the connection stays open. */
export interface HangFault extends FaultTiming {
  readonly hang: true;
}

/** Resets the connection, `before` or `after` accepting what came over it. */
export interface ResetFault extends FaultTiming {
  readonly reset: 'before' | 'after';
}

/** All that is given must hold; nothing given matches every event. */
export interface EventPattern {
  readonly type?: string;
  readonly action?: string;
  /** A path that the event has, e.g. `data.coupon` or `identifiers.email`. */
  readonly field?: string;
  /** What stands at `field`, as text. */
  readonly value?: string;
}

/** Answers 400 with `detail.invalids` when a request holds events that match. */
export interface InvalidFault extends FaultTiming {
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
