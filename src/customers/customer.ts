import type { OdpDataValue, OdpIdentifiers } from '../events/index.js';

/** What ODP keeps of a customer, field by field: flat, each value as of an event's data. */
export type OdpCustomerAttributes = Readonly<Record<string, OdpDataValue>>;

/** A customer to create or update. */
export interface OdpCustomer {
  /** Who it is; at least one non-blank string. ODP merges customers who share one. */
  readonly identifiers: OdpIdentifiers;
  /** What is to be known; a field that is left out stays as it is. */
  readonly attributes?: OdpCustomerAttributes | null | undefined;
}
