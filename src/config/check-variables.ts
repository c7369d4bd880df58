import type { OdpViolation } from '../errors/index.js';
import { closest } from '../options/index.js';
import { DATAFILE_VARIABLES } from './datafile-from-environment.js';
import { PREFIX, VARIABLES } from './environment.js';

type Environment = Readonly<Record<string, string | undefined>>;

const NAMES = [...VARIABLES, ...DATAFILE_VARIABLES];
/** Every named account has one of these, be it blank. */
const OF_EVERY_ACCOUNT = ['_API_KEY', '_SDK_KEY', '_ENABLED'];
const QUOTED = /^(["'`]).*\1$/s;

/**
 * Finds variables that would do nothing, or something else than they say:
 * misspelt ones, those in lower case, and values with quotes around them.
 *
 * @param own the prefix of the account whose variables are read
 */
export function checkVariables(
  environment: Environment,
  own: string,
): OdpViolation[] {
  const prefixes = prefixesIn(environment, own);
  const problems: OdpViolation[] = [];
  for (const [variable, value] of Object.entries(environment)) {
    const message = problemOf(variable, value, prefixes, environment);
    if (message !== undefined) problems.push({ path: variable, message });
  }
  return problems;
}

function problemOf(
  variable: string,
  value: string | undefined,
  prefixes: readonly string[],
  environment: Environment,
): string | undefined {
  if (!variable.startsWith(PREFIX)) {
    const upper = variable.toUpperCase();
    // Windows knows variables in any case.
    return upper.startsWith(PREFIX) && environment[upper] === undefined
      ? `is not read, as names are in capitals; write ${upper}`
      : undefined;
  }
  const isOurs = prefixes.some(
    (prefix) =>
      variable.startsWith(prefix) &&
      NAMES.includes(variable.slice(prefix.length)),
  );
  if (!isOurs) return misspelt(variable, prefixes);
  return value !== undefined && QUOTED.test(value.trim())
    ? 'has quotes around its value, which would be a part of it; leave them out, or let a .env file be read by what takes them off (docker --env-file does not)'
    : undefined;
}

/** What variables begin with: that of the account without a name, and of each that the environment names. */
function prefixesIn(environment: Environment, own: string): string[] {
  const prefixes = new Set([PREFIX, own]);
  for (const variable of Object.keys(environment)) {
    for (const ending of OF_EVERY_ACCOUNT) {
      if (variable.length <= PREFIX.length + ending.length) continue;
      if (variable.startsWith(PREFIX) && variable.endsWith(ending)) {
        prefixes.add(variable.slice(0, 1 - ending.length));
      }
    }
  }
  // The longest, which tells an account's name from a variable's, goes first.
  return [...prefixes].sort((one, other) => other.length - one.length);
}

function misspelt(variable: string, prefixes: readonly string[]): string {
  const prefix = prefixes.find((one) => variable.startsWith(one)) ?? PREFIX;
  const name = variable.slice(prefix.length);
  const ending = NAMES.find((one) => name.endsWith(`_${one}`));
  const meant = ending ?? closest(name, NAMES);
  if (meant === undefined) {
    return `is not a variable of ours; there are ${NAMES.map((one) => PREFIX + one).join(', ')}, and those of named accounts: ${PREFIX}<NAME>_API_KEY and so on`;
  }
  const account =
    ending === undefined
      ? undefined
      : variable.slice(0, variable.length - ending.length);
  return `is not a variable of ours; ${prefix}${meant} is probably meant${account === undefined ? '' : ` (one of a named account stands beside ${account}API_KEY, which may be blank)`}`;
}
