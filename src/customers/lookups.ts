import { OdpValidationError, type OdpViolation } from '../errors/index.js';
import { copyIdentifiers } from '../events/index.js';

/** An identifier to find a customer by. */
export type Lookup = readonly [name: string, value: string];

/**
 * Names that ODP can be asked by: they become part of a query's text. Those that
 * begin with two underscores are GraphQL's own.
 */
const NAME = /^(?!__)[A-Za-z_]\w{0,127}$/;
/** The web tag's cookie holds a UUID; ODP knows it without hyphens. */
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/**
 * The identifiers to find a customer by, in the order given. `vuid` counts only if
 * there is no other: it identifies a browser, and a person whom ODP does not know
 * yet must not pass for whoever used that browser before.
 *
 * @throws OdpValidationError if they cannot be asked by
 */
export function lookupsOf(
  identifiers: unknown,
  path: string,
  allowPlaceholders: boolean,
): readonly Lookup[] {
  const violations: OdpViolation[] = [];
  const copied = copyIdentifiers(
    identifiers,
    path,
    violations,
    allowPlaceholders,
  );
  const lookups: Lookup[] = [];
  let vuid: Lookup | undefined;
  for (const name in copied) {
    const value = copied[name];
    if (value === undefined) continue;
    if (!NAME.test(name)) {
      violations.push({
        path,
        message:
          'has an identifier whose name cannot be used in a query; use letters, digits and underscores, and do not begin with two underscores',
      });
    } else if (name === 'vuid') {
      vuid = [name, UUID.test(value) ? value.replaceAll('-', '') : value];
    } else {
      lookups.push([name, value]);
    }
  }
  if (violations.length > 0)
    throw new OdpValidationError(violations, 'request');
  return lookups.length === 0 && vuid !== undefined ? [vuid] : lookups;
}
