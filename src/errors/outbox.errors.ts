import { OdpError } from './odp.error.js';

/** The outbox is full; the new event was not accepted. */
export class OdpOutboxFullError extends OdpError {
  readonly code = 'outboxFull';

  constructor(
    /** How many events the outbox may hold, if known. */
    readonly capacity: number | undefined,
    detail = `The outbox is full${capacity === undefined ? '' : ` (${capacity} events wait for ODP)`}; nothing was accepted`,
    advice = "Try again later, raise the outbox's capacity, choose whenFull: 'wait' or 'drop-oldest', or use a durable outbox",
  ) {
    super(`${detail}. ${advice}.`);
  }
}

/** The outbox could not store, find or release events: a disk, Redis or a database failed. */
export class OdpOutboxError extends OdpError {
  readonly code = 'outboxFailed';
}
