export { type Lookup, lookupsOf } from './lookups.js';
