export type { OdpCustomer, OdpCustomerAttributes } from './customer.js';
export { type Lookup, lookupsOf } from './lookups.js';
export { IsOdpAttributes, OdpCustomerDto } from './odp-customer.dto.js';
export { OdpCustomers, type OdpCustomersOptions } from './odp-customers.js';
