export type { FetchSegmentsOptions } from './fetch-options.js';
export {
  type OdpSegmentsLookup,
  QualifiedSegments,
  type QualifiedSegmentsDetails,
} from './qualified-segments.js';
export {
  OdpSegmentsOptions,
  type ResolvedSegments,
  resolveSegments,
} from './segments-options.js';
