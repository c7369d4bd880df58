import type { OdpViolation } from '../errors/index.js';
import { closest } from '../options/index.js';
import { DATAFILE_VARIABLES } from './datafile-from-environment.js';
import { PREFIX, VARIABLES } from './environment.js';

const NAMES = [...VARIABLES, ...DATAFILE_VARIABLES];

/**
 * Finds misspelt variables, which would be silently ignored. `…_EMEA_API_KEY`, with
 * the name of an account before the variable's, is not misspelt.
 */
export function unknownVariables(
  environment: Readonly<Record<string, string | undefined>>,
): OdpViolation[] {
  return Object.keys(environment)
    .filter((variable) => variable.startsWith(PREFIX))
    .map((variable) => variable.slice(PREFIX.length))
    .filter((name) => !NAMES.some((one) => isNamed(name, one)))
    .map((name) => ({ path: PREFIX + name, message: messageOf(name) }));
}

const isNamed = (name: string, one: string) =>
  name === one || (name.endsWith(`_${one}`) && name.length > one.length + 1);

function messageOf(name: string): string {
  const meant = closest(name, NAMES);
  return meant === undefined
    ? `is not a variable of ours; there are ${NAMES.map((one) => PREFIX + one).join(', ')}, and those of named accounts: ${PREFIX}<NAME>_API_KEY and so on`
    : `is not a variable of ours; ${PREFIX}${meant} is probably meant`;
}
