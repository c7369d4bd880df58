import type { ValidationOptions } from 'class-validator';
import { writeIdentifiers } from '../rules/index.js';
import { ruleDecorator } from './rule.decorator.js';

/**
 * The property holds identifiers that `OdpService` would accept: at least one
 * that is a non-blank string; `null`, `undefined` and blank ones are ignored.
 */
export function IsOdpIdentifiers(
  validationOptions?: ValidationOptions,
): PropertyDecorator {
  return ruleDecorator('isOdpIdentifiers', writeIdentifiers, validationOptions);
}
