import { OdpError } from './odp.error.js';

/** How a request to ODP's API failed. */
export interface OdpApiFailure {
  /** The HTTP status of the last answer; `undefined` when there was none. */
  readonly status: number | undefined;
  /** What went wrong, in ODP's words if there were any, with everything that was sent blacked out. */
  readonly reason: string;
}

/** A request of `odp.api` or `odp.customers.get` failed. */
export class OdpApiError extends OdpError implements OdpApiFailure {
  readonly code = 'apiFailed';
  readonly status: number | undefined;
  readonly reason: string;

  constructor(route: string, { status, reason }: OdpApiFailure) {
    super(`ODP's API failed at ${route}: ${reason}. ${adviceFor(status)}`);
    this.status = status;
    this.reason = reason;
  }
}

/** Which segments the customer is qualified for is unknown for now. */
export class OdpSegmentsError extends OdpError implements OdpApiFailure {
  readonly code = 'segmentsFailed';
  readonly status: number | undefined;
  /** As in {@link OdpApiFailure}, but never ODP's own message, which may hold the identifier. */
  readonly reason: string;

  constructor({ status, reason }: OdpApiFailure) {
    super(
      `ODP did not return the customer's segments: ${reason}. ${adviceFor(status)}`,
    );
    this.status = status;
    this.reason = reason;
  }
}

/** A customer that ODP refused. */
export interface OdpInvalidCustomer {
  /** Its index in the list that was given. */
  readonly index: number;
  /** ODP's message, with what was sent blacked out. */
  readonly message: string;
}

/** `odp.customers.update` did not update every customer. */
export class OdpCustomersError extends OdpError implements OdpApiFailure {
  readonly code = 'customersFailed';
  readonly status: number | undefined;
  readonly reason: string;
  /** How many ODP accepted. */
  readonly updated: number;
  /** Those that ODP named as invalid. */
  readonly invalids: readonly OdpInvalidCustomer[];
  /** Indexes of those whose outcome is unknown, since their request failed or was not made. */
  readonly failed: readonly number[];

  constructor(
    { status, reason }: OdpApiFailure,
    {
      updated,
      invalids,
      failed,
    }: Pick<OdpCustomersError, 'updated' | 'invalids' | 'failed'>,
  ) {
    super(
      `ODP did not update every customer (${updated} were updated, ${invalids.length} are invalid, ${failed.length} failed): ${reason}. ` +
        (failed.length === 0
          ? 'Correct those that .invalids names.'
          : `${adviceFor(status)} Those that .failed names may be sent again.`),
    );
    this.status = status;
    this.reason = reason;
    this.updated = updated;
    this.invalids = invalids;
    this.failed = failed;
  }
}

function adviceFor(status: number | undefined): string {
  if (status === undefined || status >= 500 || status === 429) {
    return 'Try again later; the log and health show whether ODP is reachable.';
  }
  if (status === 401 || status === 403) {
    return 'Check that apiKey may do this: reading needs the private key.';
  }
  return "Correct the request; see ODP's reference.";
}
