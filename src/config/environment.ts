import { OdpConfigurationError, type OdpViolation } from '../errors/index.js';
import { type Duration, show, type Size } from '../options/index.js';
import type { OdpRegion } from '../odp/index.js';
import {
  type OptimizelyOdpModuleOptions,
  resolveOptions,
} from '../module/index.js';

export const PREFIX = 'OPTIMIZELY_ODP_';

/** Which variable sets which option, so that a problem names what its reader can change. */
const VARIABLE_OF: Readonly<Record<string, string>> = {
  apiKey: 'API_KEY',
  apiHost: 'API_HOST',
  allowInsecureHost: 'ALLOW_INSECURE_HOST',
  region: 'REGION',
  enabled: 'ENABLED',
  eventTime: 'EVENT_TIME',
  'delivery.batchSize': 'BATCH_SIZE',
  'delivery.maxBatchBytes': 'MAX_BATCH_BYTES',
  'delivery.flushInterval': 'FLUSH_INTERVAL',
  'delivery.maxConcurrentRequests': 'MAX_CONCURRENT_REQUESTS',
  'delivery.maxRequestsPerSecond': 'MAX_REQUESTS_PER_SECOND',
  'delivery.requestTimeout': 'REQUEST_TIMEOUT',
  'delivery.maxEventAge': 'MAX_EVENT_AGE',
  'delivery.shutdownTimeout': 'SHUTDOWN_TIMEOUT',
  'segments.cacheSize': 'SEGMENTS_CACHE_SIZE',
  'segments.cacheTimeout': 'SEGMENTS_CACHE_TIMEOUT',
  'segments.requestTimeout': 'SEGMENTS_REQUEST_TIMEOUT',
  'deadLetters.maxAge': 'DEAD_LETTERS_MAX_AGE',
  'deadLetters.maxCount': 'DEAD_LETTERS_MAX_COUNT',
  'deadLetters.maxBytes': 'DEAD_LETTERS_MAX_BYTES',
};

/** The names of all of them, without the prefix. */
export const VARIABLES: readonly string[] = Object.values(VARIABLE_OF);

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
  const text = (name: string) => {
    const value = environment[prefix + name]?.trim();
    return value === '' ? undefined : value;
  };
  const flag = (name: string) => {
    const value = text(name)?.toLowerCase();
    if (value === undefined) return undefined;
    if (value === 'true' || value === '1') return true;
    if (value === 'false' || value === '0') return false;
    problems.push({
      path: prefix + name,
      message: `must be true or false (it is ${show(value)})`,
    });
    return undefined;
  };
  const number = (name: string, pattern: RegExp, message: string) => {
    const value = text(name);
    if (value === undefined) return undefined;
    if (pattern.test(value)) return Number(value);
    problems.push({
      path: prefix + name,
      message: `${message} (it is ${show(value)})`,
    });
    return undefined;
  };
  const integer = (name: string) =>
    number(name, /^\d+$/, 'must be a whole number');
  // Whether they are in range is for the module's own check, below.
  const duration = (name: string) => text(name) as Duration | undefined;
  const size = (name: string) => text(name) as Size | undefined;

  const options: OptimizelyOdpModuleOptions = {
    apiKey: text('API_KEY'),
    apiHost: text('API_HOST'),
    allowInsecureHost: flag('ALLOW_INSECURE_HOST'),
    region: text('REGION') as OdpRegion | undefined,
    enabled: flag('ENABLED'),
    eventTime: flag('EVENT_TIME'),
    delivery: withoutAbsent({
      batchSize: integer('BATCH_SIZE'),
      maxBatchBytes: size('MAX_BATCH_BYTES'),
      flushInterval: duration('FLUSH_INTERVAL'),
      maxConcurrentRequests: integer('MAX_CONCURRENT_REQUESTS'),
      maxRequestsPerSecond: number(
        'MAX_REQUESTS_PER_SECOND',
        /^\d+(\.\d+)?$/,
        'must be a number',
      ),
      requestTimeout: duration('REQUEST_TIMEOUT'),
      maxEventAge: duration('MAX_EVENT_AGE'),
      shutdownTimeout: duration('SHUTDOWN_TIMEOUT'),
    }),
    segments: withoutAbsent({
      cacheSize: integer('SEGMENTS_CACHE_SIZE'),
      cacheTimeout: duration('SEGMENTS_CACHE_TIMEOUT'),
      requestTimeout: duration('SEGMENTS_REQUEST_TIMEOUT'),
    }),
    deadLetters: withoutAbsent({
      maxAge: duration('DEAD_LETTERS_MAX_AGE'),
      maxCount: integer('DEAD_LETTERS_MAX_COUNT'),
      maxBytes: size('DEAD_LETTERS_MAX_BYTES'),
    }),
  };
  problems.push(...problemsOf(options, prefix));
  if (problems.length > 0) throw new OdpConfigurationError(problems);
  return options;
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
      const variable = VARIABLE_OF[path];
      return {
        path: variable === undefined ? path : prefix + variable,
        message,
      };
    });
  }
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function withoutAbsent<T extends object>(object: T): Present<T> {
  return Object.fromEntries(
    Object.entries(object).filter(([, value]) => value !== undefined),
  ) as Present<T>;
}
