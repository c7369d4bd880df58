export { AmbientIdentity } from './ambient-identity.js';
export {
  FollowingInterceptor,
  followCall,
  followHttp,
} from './follow-requests.js';
export type { OdpIdentity, OdpRequest, OdpUser } from './odp-request.js';
export { graphqlContext, odpRequestOf } from './request/index.js';
export { webVisitor } from './web-visitor.js';
