import type { ValidationOptions } from 'class-validator';
import {
  type OdpIdentifiers,
  ruleDecorator,
  writeIdentifiers,
} from '../events/index.js';
import type { OdpCustomer, OdpCustomerAttributes } from './customer.js';
import { writeAttributes } from './customer-rules.js';

/**
 * The property holds attributes that `odp.customers.update` would accept:
 * strings, booleans, finite numbers and `null`. Absent ones are fine.
 */
export function IsOdpAttributes(
  validationOptions?: ValidationOptions,
): PropertyDecorator {
  return ruleDecorator('isOdpAttributes', writeAttributes, validationOptions);
}

/**
 * A customer as a request body: `@Body() customer: OdpCustomerDto` under Nest's
 * `ValidationPipe`, also with `whitelist: true`. It applies the same rules as
 * `odp.customers.update`.
 */
export class OdpCustomerDto implements OdpCustomer {
  /** Who it is; at least one non-blank string. */
  @ruleDecorator('isOdpIdentifiers', writeIdentifiers)
  identifiers!: OdpIdentifiers;

  /** What to store. */
  @IsOdpAttributes()
  attributes?: OdpCustomerAttributes;
}
