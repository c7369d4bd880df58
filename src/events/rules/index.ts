export { checkData, type Data } from './data.js';
export {
  checkIdentifiers,
  copyIdentifiers,
  countIdentifiers,
} from './identifiers.js';
export { checkAction, checkType } from './names.js';
export { serialise } from './serialise.js';
export type { Violations } from './read-fields.js';
