export { AmbientIdentity, type Caller } from './ambient-identity.js';
export { OdpDeadLetters, type OdpDeadLetter } from './dead-letters.js';
export { OdpAccount, type OdpRuntime } from './odp-account.js';
export {
  OdpService,
  type SendOdpEventOptions,
  type SentOdpEvent,
} from './odp.service.js';
export {
  DEFAULT_ACCOUNT,
  getOdpAccountToken,
  getOdpServiceToken,
  InjectOdp,
} from './tokens.js';
