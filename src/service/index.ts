export { type OdpDeadLetter, OdpDeadLetters } from './dead-letters.js';
export {
  OdpService,
  type SendOdpEventOptions,
  type SentOdpEvent,
} from './odp.service.js';
export {
  DEFAULT_ACCOUNT,
  InjectOdp,
  getOdpAccountToken,
  getOdpServiceToken,
} from './tokens.js';
