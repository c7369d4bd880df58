export { type Duration, parseDuration } from './duration.js';
export { readCallOptions } from './call-options.js';
export { OptionReader } from './option-reader.js';
export { parseSize, type Size } from './size.js';
export { closest, show } from './hints.js';
export type { OptionsOf } from './options-of.js';
