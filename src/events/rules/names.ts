import type { Violations } from './read-fields.js';
import { isBlank } from './text.js';

/** ODP's limit on text; see its documentation of objects and fields. */
export const MAX_NAME_LENGTH = 1024;
const DEFAULT_TYPE = 'fullstack';

/** An event's `type`; if absent or blank, ODP's default for Feature Experimentation, `fullstack`. */
export function checkType(value: unknown, violations: Violations): string {
  if (value === undefined || value === null) return DEFAULT_TYPE;
  if (typeof value === 'string' && isBlank(value)) return DEFAULT_TYPE;
  return checkName(value, 'type', violations);
}

/** An event's `action`. */
export function checkAction(value: unknown, violations: Violations): string {
  return checkName(value, 'action', violations);
}

function checkName(
  value: unknown,
  path: string,
  violations: Violations,
): string {
  if (typeof value !== 'string' || isBlank(value)) {
    violations.push({ path, message: 'must be a string that is not blank' });
  } else if (value.length > MAX_NAME_LENGTH) {
    violations.push({
      path,
      message: `must have at most ${MAX_NAME_LENGTH} characters`,
    });
  } else if (!value.isWellFormed()) {
    violations.push({ path, message: 'must be well-formed Unicode' });
  } else {
    return value;
  }
  return '';
}
