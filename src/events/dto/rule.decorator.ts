import { registerDecorator, type ValidationOptions } from 'class-validator';
import { listViolations } from '../../errors/validation.errors.js';
import { JsonWriter, TOO_LONG, type Violations } from '../rules/index.js';

/** One of the event's rules, as it runs when the event is sent. */
type Rule = (
  value: unknown,
  path: string,
  violations: Violations,
  json: JsonWriter,
) => unknown;

/** Turns a rule into a class-validator decorator, so that both agree. */
export function ruleDecorator(
  name: string,
  rule: Rule,
  validationOptions: ValidationOptions = {},
): PropertyDecorator {
  return (target, propertyName) => {
    registerDecorator({
      name,
      target: target.constructor,
      propertyName: propertyName as string,
      options: validationOptions,
      validator: {
        validate: (value) => violationsOf(rule, value, name).length === 0,
        defaultMessage: (args) => {
          const path = args?.property ?? name;
          const value: unknown = args?.value;
          // With `each`, class-validator passes the whole list.
          return listViolations(
            validationOptions.each === true && Array.isArray(value)
              ? value.flatMap((one, i) =>
                  violationsOf(rule, one, `${path}[${i}]`),
                )
              : violationsOf(rule, value, path),
          );
        },
      },
    });
  };
}

function violationsOf(rule: Rule, value: unknown, path: string): Violations {
  const violations: Violations = [];
  const json = new JsonWriter();
  json.begin();
  rule(value, path, violations, json);
  if (violations.length === 0 && json.end() === undefined) {
    violations.push({ path, message: TOO_LONG });
  }
  return violations;
}
