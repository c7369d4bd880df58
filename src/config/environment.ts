import { OdpConfigurationError, type OdpViolation } from '../errors/index.js';
import { show } from '../options/index.js';
import {
  type OptimizelyOdpModuleOptions,
  resolveOptions,
} from '../module/index.js';

export const PREFIX = 'OPTIMIZELY_ODP_';

type Kind = 'text' | 'flag' | 'integer' | 'number';

/**
 * The variable of each option that is a plain value, and how its text is parsed.
 * Durations, sizes and ranges are left to the options' own checks.
 */
export const VARIABLE_OF: Readonly<
  Record<string, readonly [name: string, kind: Kind]>
> = {
  apiKey: ['API_KEY', 'text'],
  apiHost: ['API_HOST', 'text'],
  allowInsecureHost: ['ALLOW_INSECURE_HOST', 'flag'],
  region: ['REGION', 'text'],
  enabled: ['ENABLED', 'flag'],
  eventTime: ['EVENT_TIME', 'flag'],
  allowPlaceholderIdentifiers: ['ALLOW_PLACEHOLDER_IDENTIFIERS', 'flag'],
  'delivery.batchSize': ['BATCH_SIZE', 'integer'],
  'delivery.maxBatchBytes': ['MAX_BATCH_BYTES', 'text'],
  'delivery.flushInterval': ['FLUSH_INTERVAL', 'text'],
  'delivery.maxConcurrentRequests': ['MAX_CONCURRENT_REQUESTS', 'integer'],
  'delivery.maxRequestsPerSecond': ['MAX_REQUESTS_PER_SECOND', 'number'],
  'delivery.requestTimeout': ['REQUEST_TIMEOUT', 'text'],
  'delivery.maxEventAge': ['MAX_EVENT_AGE', 'text'],
  'delivery.shutdownTimeout': ['SHUTDOWN_TIMEOUT', 'text'],
  'segments.cacheSize': ['SEGMENTS_CACHE_SIZE', 'integer'],
  'segments.cacheTimeout': ['SEGMENTS_CACHE_TIMEOUT', 'text'],
  'segments.requestTimeout': ['SEGMENTS_REQUEST_TIMEOUT', 'text'],
  'deadLetters.maxAge': ['DEAD_LETTERS_MAX_AGE', 'text'],
  'deadLetters.maxCount': ['DEAD_LETTERS_MAX_COUNT', 'integer'],
  'deadLetters.maxBytes': ['DEAD_LETTERS_MAX_BYTES', 'text'],
};

/** The names of all variables, without the prefix. */
export const VARIABLES: readonly string[] = Object.values(VARIABLE_OF).map(
  ([name]) => name,
);

/**
 * Reads the options that are set. Blank variables count as absent.
 *
 * @param prefix of every variable
 * @throws OdpConfigurationError naming every malformed variable
 */
export function optionsFromEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  prefix = PREFIX,
): OptimizelyOdpModuleOptions {
  const problems: OdpViolation[] = [];
  const options: Record<string, unknown> = {};
  for (const [path, [name, kind]] of Object.entries(VARIABLE_OF)) {
    const text = environment[prefix + name]?.trim() ?? '';
    if (text === '') continue;
    const { value, message } = READERS[kind](text);
    if (message === undefined) {
      set(options, path, value);
    } else {
      problems.push({
        path: prefix + name,
        message: `${message} (it is ${show(text, ['true', 'false'])})`,
      });
    }
  }
  problems.push(...problemsOf(options, prefix));
  if (problems.length > 0) throw new OdpConfigurationError(problems);
  return options;
}

interface Reading {
  readonly value?: unknown;
  /** What is wrong with the text. */
  readonly message?: string;
}

const FLAGS = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);

const READERS: Readonly<Record<Kind, (text: string) => Reading>> = {
  text: (text) => ({ value: text }),
  flag: (text) => {
    const value = FLAGS.get(text.toLowerCase());
    return value === undefined
      ? { message: 'must be true or false' }
      : { value };
  },
  integer: (text) =>
    /^\d+$/.test(text)
      ? { value: Number(text) }
      : { message: 'must be a whole number' },
  number: (text) =>
    /^\d+(\.\d+)?$/.test(text)
      ? { value: Number(text) }
      : { message: 'must be a number' },
};

/** Sets an option by its path, such as `delivery.batchSize`. */
function set(options: Record<string, unknown>, path: string, value: unknown) {
  const [group, key] = path.split('.');
  if (group === undefined) return;
  options[group] =
    key === undefined ? value : { ...(options[group] as object), [key]: value };
}

function problemsOf(
  options: OptimizelyOdpModuleOptions,
  prefix: string,
): OdpViolation[] {
  try {
    resolveOptions(options);
    return [];
  } catch (error) {
    if (!(error instanceof OdpConfigurationError)) throw error;
    return error.problems.map(({ path, message }) => {
      const [variable] = VARIABLE_OF[path] ?? [];
      return {
        path: variable === undefined ? path : prefix + variable,
        message,
      };
    });
  }
}
