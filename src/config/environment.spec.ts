import { describe, expect, it } from 'vitest';
import { OdpConfigurationError } from '../errors/index.js';
import { resolveOptions } from '../module/index.js';
import { optionsFromEnvironment } from './environment.js';

const PREFIX = 'OPTIMIZELY_ODP_';

const prefixed = (variables: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [PREFIX + name, value]),
  );

const resolved = (variables: Readonly<Record<string, string>>) =>
  resolveOptions(optionsFromEnvironment(prefixed(variables)));

function problemsOf(variables: Readonly<Record<string, string>>) {
  try {
    optionsFromEnvironment(prefixed(variables));
    return {};
  } catch (error) {
    if (!(error instanceof OdpConfigurationError)) throw error;
    return Object.fromEntries(
      error.problems.map(({ path, message }) => [path, message]),
    );
  }
}

const NAMES = [
  'API_KEY',
  'API_HOST',
  'ALLOW_INSECURE_HOST',
  'REGION',
  'ENABLED',
  'BATCH_SIZE',
  'MAX_BATCH_BYTES',
  'FLUSH_INTERVAL',
  'MAX_CONCURRENT_REQUESTS',
  'MAX_REQUESTS_PER_SECOND',
  'REQUEST_TIMEOUT',
  'MAX_EVENT_AGE',
  'SHUTDOWN_TIMEOUT',
  'DEAD_LETTERS_MAX_AGE',
  'DEAD_LETTERS_MAX_COUNT',
  'DEAD_LETTERS_MAX_BYTES',
];

describe('the environment', () => {
  it('sets every option that has a variable', () => {
    expect(
      resolved({
        API_KEY: 'key-eu1',
        API_HOST: 'http://odp.internal:8080/',
        ALLOW_INSECURE_HOST: 'true',
        REGION: 'au',
        ENABLED: 'false',
        BATCH_SIZE: '7',
        MAX_BATCH_BYTES: '2mb',
        FLUSH_INTERVAL: '0',
        MAX_CONCURRENT_REQUESTS: '2',
        MAX_REQUESTS_PER_SECOND: '0.5',
        REQUEST_TIMEOUT: '3s',
        MAX_EVENT_AGE: '7d',
        SHUTDOWN_TIMEOUT: '1500',
        DEAD_LETTERS_MAX_AGE: '7d',
        DEAD_LETTERS_MAX_COUNT: '10',
        DEAD_LETTERS_MAX_BYTES: '1mb',
      }),
    ).toMatchObject({
      apiKey: 'key-eu1',
      apiHost: 'http://odp.internal:8080',
      region: 'au',
      enabled: false,
      delivery: {
        batchSize: 7,
        maxBatchBytes: 2_097_152,
        flushInterval: 0,
        maxConcurrentRequests: 2,
        maxRequestsPerSecond: 0.5,
        requestTimeout: 3000,
        maxEventAge: 604_800_000,
        shutdownTimeout: 1500,
      },
      deadLetters: {
        maxAge: 604_800_000,
        maxCount: 10,
        maxBytes: 1_048_576,
      },
    });
  });

  it.each([
    {},
    ...['', '  ', '\t'].map((blank) =>
      Object.fromEntries(NAMES.map((name) => [name, blank])),
    ),
  ])('leaves the defaults where it says nothing: %j', (variables) => {
    const { outbox: _, ...options } = resolved(variables);
    const { outbox: __, ...defaults } = resolveOptions({});
    expect(options).toEqual(defaults);
  });

  it.each([
    ['true', true],
    ['TRUE', true],
    ['1', true],
    [' true ', true],
    ['false', false],
    ['False', false],
    ['0', false],
  ])('reads the flag %j as %j', (value, flag) => {
    expect(resolved({ ENABLED: value }).enabled).toBe(flag);
  });

  it('trims what it reads', () => {
    expect(
      resolved({ API_KEY: ' key-au1 \n', BATCH_SIZE: ' 5 ' }),
    ).toMatchObject({
      apiKey: 'key-au1',
      region: 'au',
      delivery: { batchSize: 5 },
    });
  });
});

describe('a malformed variable', () => {
  it.each([
    ['API_KEY', 'S3cr3t key'],
    ['API_KEY', 'S3cr3t\u0000key'],
    ['API_HOST', 'odp.example'],
    ['API_HOST', 'http://odp.example'],
    ['API_HOST', 'https://user:S3cr3t@odp.example'],
    ['ALLOW_INSECURE_HOST', 'yes'],
    ['REGION', 'emea'],
    ['ENABLED', 'on'],
    ['BATCH_SIZE', '0'],
    ['BATCH_SIZE', '501'],
    ['BATCH_SIZE', '1e2'],
    ['BATCH_SIZE', '-5'],
    ['BATCH_SIZE', '5.5'],
    ['BATCH_SIZE', '9'.repeat(30)],
    ['FLUSH_INTERVAL', '-1'],
    ['FLUSH_INTERVAL', 'soon'],
    ['MAX_CONCURRENT_REQUESTS', '0'],
    ['MAX_CONCURRENT_REQUESTS', 'four'],
    ['REQUEST_TIMEOUT', '0'],
    ['REQUEST_TIMEOUT', '10 seconds'],
    ['MAX_EVENT_AGE', '0s'],
    ['SHUTDOWN_TIMEOUT', '5 m 3'],
  ])('is named: %s=%j', (name, value) => {
    const problems = problemsOf({ [name]: value });
    expect(Object.keys(problems)).toEqual([PREFIX + name]);
    expect(JSON.stringify(problems)).not.toContain('S3cr3t');
  });

  it('is named together with all others', () => {
    const variables = {
      API_KEY: 'S3cr3t key',
      API_HOST: 'nowhere',
      ALLOW_INSECURE_HOST: 'maybe',
      REGION: 'mars',
      ENABLED: 'maybe',
      BATCH_SIZE: '1000',
      MAX_BATCH_BYTES: 'x',
      FLUSH_INTERVAL: 'x',
      MAX_CONCURRENT_REQUESTS: 'x',
      MAX_REQUESTS_PER_SECOND: 'x',
      REQUEST_TIMEOUT: 'x',
      MAX_EVENT_AGE: 'x',
      SHUTDOWN_TIMEOUT: 'x',
      DEAD_LETTERS_MAX_AGE: 'x',
      DEAD_LETTERS_MAX_COUNT: 'x',
      DEAD_LETTERS_MAX_BYTES: 'x',
    };
    expect(Object.keys(variables)).toEqual(NAMES);
    expect(Object.keys(problemsOf(variables)).sort()).toEqual(
      NAMES.map((name) => PREFIX + name).sort(),
    );
  });

  it('has a message that says what is allowed', () => {
    expect(
      problemsOf({ ENABLED: 'on', BATCH_SIZE: 'x', REGION: 'mars' }),
    ).toEqual({
      OPTIMIZELY_ODP_ENABLED: 'must be true or false (it is "on")',
      OPTIMIZELY_ODP_BATCH_SIZE: 'must be a whole number (it is "x")',
      OPTIMIZELY_ODP_REGION: 'must be one of us, eu, au (it is "mars")',
    });
  });
});
