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
  SendOdpEvent,
  type SendOdpEventDecorator,
} from './send-odp-event.decorator.js';
export { OdpTrackingModule } from './tracking.module.js';
