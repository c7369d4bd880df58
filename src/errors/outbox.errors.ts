import { OdpError } from './odp.error.js';

/** The outbox holds as many events as it may; the new one was not accepted. */
export class OdpOutboxFullError extends OdpError {
  readonly code = 'outboxFull';

  constructor(
    /** How many events the outbox may hold. */
    readonly capacity: number,
    detail = `The outbox is full (${capacity} events wait for ODP)`,
  ) {
    super(
      `${detail}; nothing was accepted. Try again later, raise the outbox's capacity, ` +
        "choose whenFull: 'wait' or 'drop-oldest', or use a durable outbox.",
    );
  }
}

/** The outbox could not store, find or give back events: a disk, Redis or Postgres failed. */
export class OdpOutboxError extends OdpError {
  readonly code = 'outboxFailed';
}
