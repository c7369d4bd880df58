import { checkAction, checkType } from '../rules/index.js';
import type { OdpEvent, OdpEventData, OdpIdentifiers } from '../event.js';
import { IsOdpData } from './is-odp-data.decorator.js';
import { IsOdpIdentifiers } from './is-odp-identifiers.decorator.js';
import { ruleDecorator } from './rule.decorator.js';

/**
 * An event as a request body: `@Body() event: OdpEventDto` under Nest's
 * `ValidationPipe`, also with `whitelist: true`. It holds the same rules as
 * `OdpService`.
 */
export class OdpEventDto implements OdpEvent {
  /** Its kind, such as `order`; `fullstack` where absent or blank. */
  @ruleDecorator('isOdpType', (value, _path, violations) =>
    checkType(value, violations),
  )
  type?: string;

  /** What was done, such as `purchase`; not blank. */
  @ruleDecorator('isOdpAction', (value, _path, violations) =>
    checkAction(value, violations),
  )
  action!: string;

  /** Who it is about; at least one non-blank string. */
  @IsOdpIdentifiers()
  identifiers!: OdpIdentifiers;

  /** What else is known about it. */
  @IsOdpData()
  data?: OdpEventData;
}
