export {
  OdpApi,
  type OdpApiQueryValue,
  type OdpApiRequest,
  type OdpApiResponse,
} from './api.js';
export { checkApiHost, isLoopback } from './api-host.js';
export {
  CredentialsHolder,
  isApiKey,
  type OdpCredentials,
} from './credentials.js';
export { HttpServiceTransport } from './http-service.transport.js';
export { querySegments, segmentsError } from './graphql.js';
export { NodeHttpTransport } from './node-http.transport.js';
export type { OdpIntegration, OdpIntegrationState } from './integration.js';
export { OdpClient, type OdpRequestTrace, type Outcome } from './odp-client.js';
export { OdpHttp } from './odp-http.js';
export {
  noAnswerWithin,
  type OdpCall,
  OdpCallError,
  OdpCalls,
  type OdpCallTrace,
} from './odp-calls.js';
export type { InvalidEvent } from './read-answer.js';
export {
  type InvalidProfile,
  postProfiles,
  type ProfileBatch,
  type ProfileRequest,
  queryProfile,
} from './profiles.js';
export { sleep } from './sleep.js';
export { Redactor } from './redactor.js';
export { type OdpRegion, REGION_HOSTS, regionOfKey } from './region.js';
export {
  OdpTransport,
  OdpTransportError,
  type OdpTransportRequest,
  type OdpTransportResponse,
} from './transport.js';
