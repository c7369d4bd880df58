import {
  checkAction,
  checkType,
  MAX_NAME_LENGTH,
  writeOwnIdentifiers,
} from '../rules/index.js';
import type { OdpEvent, OdpEventData, OdpIdentifiers } from '../event.js';
import { IsOdpData } from './is-odp-data.decorator.js';
import { ruleDecorator } from './rule.decorator.js';

/**
 * An event as a request body: `@Body() event: OdpEventDto` under Nest's
 * `ValidationPipe`, also with `whitelist: true`. It applies the same rules as
 * `OdpService`.
 */
export class OdpEventDto implements OdpEvent {
  /** Its kind, such as `order`; `fullstack` if absent or blank. */
  @ruleDecorator('isOdpType', (value, _path, violations) =>
    checkType(value, violations),
  )
  type?: string;

  /** What was done, such as `purchase`; not blank. */
  @ruleDecorator('isOdpAction', (value, _path, violations) =>
    checkAction(value, violations),
  )
  action!: string;

  /** Who it is about. Without any, `identity` must identify the caller. */
  @ruleDecorator('isOdpEventIdentifiers', writeOwnIdentifiers)
  identifiers?: OdpIdentifiers;

  /** What else is known about it. */
  @IsOdpData()
  data?: OdpEventData;

  /**
   * @internal What `@nestjs/swagger` shows. It has the name that Swagger's compiler
   * plugin gives it, so nothing has to be imported.
   */
  static _OPENAPI_METADATA_FACTORY(): Record<string, object> {
    const text = { type: () => String, maxLength: MAX_NAME_LENGTH };
    return {
      type: {
        ...text,
        required: false,
        default: 'fullstack',
        description: 'Its kind, such as order',
        example: 'order',
      },
      action: {
        ...text,
        required: true,
        minLength: 1,
        description: 'What was done, such as purchase',
        example: 'purchase',
      },
      identifiers: {
        type: 'object',
        required: false,
        additionalProperties: { type: 'string', nullable: true },
        description: 'Who it is about: identifier field to value',
        example: { email: 'ada@example.com' },
      },
      data: {
        type: 'object',
        required: false,
        additionalProperties: true,
        description:
          'What else is known about it: strings, numbers, booleans and null by field, and one nested order with order_id and items',
        example: { product_id: 'tea', price: 9.5 },
      },
    };
  }
}
