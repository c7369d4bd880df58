export type {
  OdpDataField,
  OdpDataValue,
  OdpEvent,
  OdpEventData,
  OdpEventInput,
  OdpIdentifiers,
  OdpIdentifierValue,
  OdpOrder,
  OdpOrderItem,
} from './event.js';
export { lastLook, type OdpBeforeSend } from './before-send.js';
export { IsOdpData } from './dto/is-odp-data.decorator.js';
export { IsOdpIdentifiers } from './dto/is-odp-identifiers.decorator.js';
export { OdpEventDto } from './dto/odp-event.dto.js';
export {
  type OdpEventIssue,
  type OdpEventSchema,
  odpEventSchema,
} from './event-schema.js';
export {
  EventMaker,
  type EventMakerOptions,
  type MadeEvent,
} from './make-event.js';
export { ruleDecorator } from './dto/rule.decorator.js';
export {
  copyData,
  copyIdentifiers,
  countIdentifiers,
  type Data,
  NO_IDENTIFIER,
  isOwn,
  JsonWriter,
  readFields,
  TOO_LONG,
  type Violations,
  writeIdentifiers,
  writeScalar,
} from './rules/index.js';
