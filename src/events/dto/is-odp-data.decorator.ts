import type { ValidationOptions } from 'class-validator';
import { writeData } from '../rules/index.js';
import { ruleDecorator } from './rule.decorator.js';

/**
 * The property holds event data that `OdpService` would accept: strings,
 * booleans, finite numbers and `null`, and an `order` with its line items.
 * Absent data is fine.
 */
export function IsOdpData(
  validationOptions?: ValidationOptions,
): PropertyDecorator {
  return ruleDecorator('isOdpData', writeData, validationOptions);
}
