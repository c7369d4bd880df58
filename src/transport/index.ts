export { HttpServiceTransport } from './http-service.transport.js';
export { type Answer, type InvalidEvent, readAnswer } from './read-answer.js';
export {
  OdpTransport,
  OdpTransportError,
  type OdpTransportRequest,
  type OdpTransportResponse,
} from './transport.js';
