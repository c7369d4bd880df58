import type { OdpDataValue, OdpIdentifiers } from '../events/index.js';

/** What ODP knows about a customer, field by field: flat, with the values that an event's data may have. */
export type OdpCustomerAttributes = Readonly<Record<string, OdpDataValue>>;

/** A customer to create or update. */
export interface OdpCustomer {
  /** Who it is; at least one non-blank string. ODP merges customers who share one. */
  readonly identifiers: OdpIdentifiers;
  /** What to store; a field that is left out stays as it is. */
  readonly attributes?: OdpCustomerAttributes | null | undefined;
}
