export {
  type OdpDeadLetter,
  OdpDeadLetters,
  type RequeueOptions,
} from './dead-letters.js';
export { OdpOutboxAdmin } from './outbox-admin.js';
export {
  controllersOf,
  findProvider,
  modulesOf,
  providersOf,
} from './find-provider.js';
export type { SentOdpEvent } from './make-events.js';
export { OdpService } from './odp.service.js';
export { OdpValidationExceptionFilter } from './odp-validation.filter.js';
export type { SendOdpEventOptions } from './send-options.js';
export {
  DEFAULT_ACCOUNT,
  InjectOdp,
  getOdpAccountToken,
  getOdpServiceToken,
} from './tokens.js';
