export type {
  OdpActionConditions,
  OdpActionContext,
  OdpActionEvents,
  OdpActionFactory,
  OdpActionOptions,
  OdpActionValue,
} from './odp-action.js';
export { OdpEventInterceptor } from './odp-event.interceptor.js';
export {
  QualifiedFor,
  type QualifiedForOptions,
} from './qualified-for.decorator.js';
export {
  QualifiedSegments,
  type QualifiedSegmentsOptions,
} from './qualified-segments.decorator.js';
export {
  SendOdpEvent,
  type SendOdpEventDecorator,
} from './send-odp-event.decorator.js';
export { OptimizelyOdpSharedModule } from './shared.module.js';
