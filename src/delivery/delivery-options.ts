import type { OptionsOf } from '../options/index.js';
import type { OdpViolation } from '../errors/index.js';
import type { Duration, Size } from '../options/index.js';
import { OptionReader } from '../options/index.js';
import type { DeadLetterRetention, OdpOutbox } from '../outbox/index.js';

/** ODP's documented cap on events per request. */
const MAX_EVENTS_PER_REQUEST = 500;

/** How long to wait before a request that failed for now is tried again. */
export class OdpRetryOptions {
  /**
   * After the first failure.
   * @default 200
   */
  readonly delay: Duration = 200;

  /**
   * Multiplies the delay after each further failure; at least 1.
   * @default 2
   */
  readonly factor: number = 2;

  /**
   * The longest delay; also how often a suspended account is probed.
   * @default 30000
   */
  readonly maxDelay: Duration = 30_000;

  /**
   * Whether each delay is cut by a random part of up to one half, so that
   * instances that failed together do not retry together.
   * @default true
   */
  readonly jitter: boolean = true;
}

/** When and how events are sent. */
export class OdpDeliveryOptions {
  /**
   * Events per request, 1 to 500 (ODP's cap).
   * @default 500
   */
  readonly batchSize: number = 500;

  /**
   * Bytes per request; an event that is larger goes alone.
   * @default '1mb'
   */
  readonly maxBatchBytes: Size = '1mb';

  /**
   * How long an event may wait for its batch to fill. `0` sends at once.
   * @default 1000
   */
  readonly flushInterval: Duration = 1000;

  /**
   * Requests under way at once.
   * @default 16
   */
  readonly maxConcurrentRequests: number = 16;

  /**
   * How many requests may start per second, for an account with a limit. It
   * applies to each process on its own.
   * @default no limit
   */
  readonly maxRequestsPerSecond: number | undefined = undefined;

  /**
   * How long one request may take.
   * @default 10000
   */
  readonly requestTimeout: Duration = 10_000;

  /**
   * An event still undelivered after this time is given up: logged, counted, and
   * kept as a dead letter.
   * @default '24h'
   */
  readonly maxEventAge: Duration = '24h';

  /** Backoff between attempts. */
  readonly retry: OptionsOf<OdpRetryOptions> = {};

  /**
   * How long the last flush may take when the app shuts down.
   * @default 5000
   */
  readonly shutdownTimeout: Duration = 5000;
}

/** Backoff, checked; durations in ms. */
export interface ResolvedRetry {
  readonly delay: number;
  readonly factor: number;
  readonly maxDelay: number;
  readonly jitter: boolean;
}

/** When and how events are sent, checked; durations in ms. */
export interface ResolvedDelivery {
  readonly batchSize: number;
  readonly maxBatchBytes: number;
  readonly flushInterval: number;
  readonly maxConcurrentRequests: number;
  readonly maxRequestsPerSecond: number | undefined;
  readonly requestTimeout: number;
  readonly maxEventAge: number;
  readonly shutdownTimeout: number;
  readonly retry: ResolvedRetry;
}

/** The options of an account that its delivery goes by, checked. */
export interface AccountDeliveryOptions {
  readonly delivery: ResolvedDelivery;
  readonly outbox: OdpOutbox;
  readonly deadLetters: DeadLetterRetention;
}

/** Checks the `delivery` options and completes them with their defaults. */
export function resolveDelivery(
  value: unknown,
  problems: OdpViolation[],
): ResolvedDelivery {
  const read = new OptionReader(
    value,
    'delivery',
    new OdpDeliveryOptions(),
    problems,
  );
  const resolved: ResolvedDelivery = {
    batchSize: read.integer('batchSize', 1, MAX_EVENTS_PER_REQUEST),
    maxBatchBytes: read.size('maxBatchBytes', 1),
    flushInterval: read.duration('flushInterval', 0),
    maxConcurrentRequests: read.integer('maxConcurrentRequests', 1),
    maxRequestsPerSecond:
      read.value('maxRequestsPerSecond') === undefined
        ? undefined
        : read.number('maxRequestsPerSecond', 0.01),
    requestTimeout: read.duration('requestTimeout', 1),
    maxEventAge: read.duration('maxEventAge', 1),
    shutdownTimeout: read.duration('shutdownTimeout', 0),
    retry: resolveRetry(read.value('retry'), problems),
  };
  read.refuseUnknown();
  return resolved;
}

function resolveRetry(value: unknown, problems: OdpViolation[]): ResolvedRetry {
  const read = new OptionReader(
    value,
    'delivery.retry',
    new OdpRetryOptions(),
    problems,
  );
  const resolved: ResolvedRetry = {
    delay: read.duration('delay', 1),
    factor: read.number('factor', 1),
    maxDelay: read.duration('maxDelay', 1),
    jitter: read.flag('jitter'),
  };
  read.refuseUnknown();
  return resolved;
}
