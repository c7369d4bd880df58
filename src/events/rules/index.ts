export { copyData, type Data, writeData } from './data.js';
export {
  copyIdentifiers,
  countIdentifiers,
  fillIn,
  NO_IDENTIFIER,
  writeIdentifiers,
  writeOwnIdentifiers,
} from './identifiers.js';
export { JsonWriter } from './json-writer.js';
export { TOO_LONG } from './length.js';
export { checkAction, checkType, MAX_NAME_LENGTH } from './names.js';
export {
  type Fields,
  isOwn,
  readFields,
  type Violations,
} from './read-fields.js';
export { writeScalar } from './scalar.js';
