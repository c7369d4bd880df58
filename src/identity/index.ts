export { CallerContext } from './caller-context.js';
export {
  CallerInterceptor,
  handleForCaller,
  bindHttpCallers,
  bindHttpCallersLast,
} from './caller-interceptor.js';
export type { OdpIdentity, OdpRequest, OdpUser } from './odp-request.js';
export { graphqlContext, odpRequestOf, userOf } from './request/index.js';
export { webVisitor } from './web-visitor.js';
