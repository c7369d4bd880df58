import { OdpError } from './odp.error.js';

/** ODP refused the event for its content; sending it again would not help. */
export class OdpRejectedError extends OdpError {
  readonly code = 'rejected';

  constructor(
    /** The HTTP status that ODP answered with. */
    readonly status: number,
    /** ODP's own words, cut to a bounded length; empty if it gave none. */
    readonly reason: string,
  ) {
    super(
      `ODP rejected the event with status ${status}${reason === '' ? '' : ` (${reason})`}. ` +
        'Correct the event; it was kept as a dead letter if the outbox keeps them.',
    );
  }
}

/** The event could not be delivered within `delivery.maxEventAge`. */
export class OdpExpiredError extends OdpError {
  readonly code = 'expired';

  constructor(
    /** The configured `delivery.maxEventAge`, in ms. */
    readonly maxEventAge: number,
  ) {
    super(
      `The event was given up, undelivered for longer than delivery.maxEventAge (${maxEventAge} ms). ` +
        'See the log for why ODP could not be reached, or raise delivery.maxEventAge.',
    );
  }
}

/** `odp.outbox.erase` removed the event while its delivery was awaited. */
export class OdpErasedError extends OdpError {
  readonly code = 'erased';

  constructor() {
    super(
      'The event was erased from the outbox, as odp.outbox.erase was asked to forget its customer. ' +
        'Do not send it again; if its request was under way, ODP may have it.',
    );
  }
}

/** The wait for an event has ended, and whether it was delivered is not known yet. */
export class OdpTimeoutError extends OdpError {
  readonly code = 'timeout';

  /** @param accepted `false` if the outbox never took it */
  constructor(detail: string, accepted = true) {
    super(
      accepted
        ? `${detail} The event stays in the outbox and is sent as far as that outbox survives; ` +
            'do not send it again, or keep its idempotence_id if you do.'
        : `${detail} The event was not accepted; send it again later, or raise the outbox's capacity.`,
    );
  }
}
