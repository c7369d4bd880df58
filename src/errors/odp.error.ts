/** Every stable `code` that an {@link OdpError} can carry. */
export type OdpErrorCode =
  | 'sdkNotReady'
  | 'odpNotIntegrated'
  | 'odpNotEnabled'
  | 'invalidEvent'
  | 'invalidConfiguration'
  | 'outboxFull'
  | 'outboxFailed'
  | 'rejected'
  | 'expired'
  | 'erased'
  | 'timeout'
  | 'apiFailed'
  | 'customersFailed'
  | 'segmentsFailed';

/**
 * The base of all errors of this package. Tell them apart by `code`, which never
 * changes, or by `instanceof`. No message holds an identifier's value or an API
 * key, so an error may be logged as it is.
 */
export abstract class OdpError extends Error {
  /** Stable across versions; safe to switch on. */
  abstract readonly code: OdpErrorCode;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}
