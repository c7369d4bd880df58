import { type Duration, readCallOptions } from '../options/index.js';

/** How an event is sent. */
export interface SendOdpEventOptions {
  /**
   * Resolve only when ODP has acknowledged the event, and reject when it was
   * given up.
   * @default false
   */
  readonly awaitDelivery?: boolean | undefined;
  /**
   * Reject with `OdpTimeoutError` after this time. An event whose delivery is
   * awaited stays in the outbox; one that a full outbox made wait
   * (`whenFull: 'wait'`) is not accepted.
   * @default as long as it takes, at most `delivery.maxEventAge`
   */
  readonly timeout?: Duration | undefined;
  /**
   * The caller's own database transaction, with `postgresOutbox()` or
   * `mysqlOutbox()`: the event is sent once it commits, and discarded if it rolls
   * back. Whatever your library calls a transaction, or anything with
   * `query(text, values)`.
   */
  readonly transaction?: unknown;
  /**
   * `false`: the caller's identifiers are not filled in, for events about
   * somebody else.
   * @default true
   */
  readonly identity?: boolean | undefined;
}

/** Options, checked; `timeout` in ms. */
export interface CheckedSendOptions {
  readonly awaitDelivery: boolean;
  readonly timeout: number | undefined;
  readonly transaction: unknown;
  readonly identity: boolean;
}

const DEFAULTS: CheckedSendOptions = {
  awaitDelivery: false,
  timeout: undefined,
  transaction: undefined,
  identity: true,
};

/**
 * Checks the options. A misspelt one would silently send an event outside of
 * its transaction, or about the wrong person.
 *
 * @throws OdpValidationError
 */
export function checkSendOptions(options: unknown): CheckedSendOptions {
  if (options === undefined) return DEFAULTS;
  return readCallOptions(options, DEFAULTS, (read) => ({
    awaitDelivery: read.flag('awaitDelivery'),
    timeout: read.optionalDuration('timeout', 0),
    transaction: read.value('transaction'),
    identity: read.flag('identity'),
  }));
}

/**
 * Checks those of an event that nobody waits for.
 *
 * @returns `identity`
 * @throws OdpValidationError
 */
export function checkTrackOptions(options: unknown): boolean {
  if (options === undefined) return true;
  const { identity } = DEFAULTS;
  return readCallOptions(options, { identity }, (read) =>
    read.flag('identity'),
  );
}
