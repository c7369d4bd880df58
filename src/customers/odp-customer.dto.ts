import type { ValidationOptions } from 'class-validator';
import { type OdpIdentifiers, ruleDecorator } from '../events/index.js';
import type { OdpCustomer, OdpCustomerAttributes } from './customer.js';
import { checkCustomerIdentifiers, writeAttributes } from './customer-rules.js';

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
  @ruleDecorator('isOdpIdentifiers', checkCustomerIdentifiers)
  identifiers!: OdpIdentifiers;

  /** What to store. */
  @IsOdpAttributes()
  attributes?: OdpCustomerAttributes;

  /**
   * @internal What `@nestjs/swagger` shows. It has the name that Swagger's compiler
   * plugin gives it, so nothing has to be imported.
   */
  static _OPENAPI_METADATA_FACTORY(): Record<string, object> {
    return {
      identifiers: {
        type: 'object',
        required: true,
        additionalProperties: { type: 'string', nullable: true },
        description: 'Who it is: identifier field to value',
        example: { email: 'ada@example.com' },
      },
      attributes: {
        type: 'object',
        required: false,
        additionalProperties: true,
        description:
          'What to store: strings, numbers, booleans and null by field',
        example: { first_name: 'Ada', loyalty_points: 120 },
      },
    };
  }
}
