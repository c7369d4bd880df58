import { OdpConfigurationError, type OdpViolation } from '../errors/index.js';
import { copyData, type Data } from '../events/index.js';
import { memoryOutbox, OdpOutbox } from '../outbox/index.js';
import { checkApiHost } from './api-host.js';
import { OptionReader } from './option-reader.js';
import {
  OdpDeliveryOptions,
  OdpRetryOptions,
  OptimizelyOdpModuleOptions,
} from './module-options.js';
import type { OdpIdentity } from './odp-request.js';
import { REGION_HOSTS, regionOfKey, type OdpRegion } from './region.js';

/** ODP's documented cap on events per request. */
const MOST_EVENTS_PER_REQUEST = 500;

/** Backoff, checked; durations in ms. */
export interface ResolvedRetry {
  readonly delay: number;
  readonly factor: number;
  readonly maxDelay: number;
  readonly jitter: boolean;
}

/** When and how events are sent, checked; durations in ms. */
export interface ResolvedDelivery {
  readonly batchSize: number;
  readonly flushInterval: number;
  readonly maxConcurrentRequests: number;
  readonly requestTimeout: number;
  readonly maxEventAge: number;
  readonly shutdownTimeout: number;
  readonly retry: ResolvedRetry;
}

/** Every option, checked and with its default. */
export interface ResolvedOptions {
  /** `undefined`: not integrated. */
  readonly apiKey: string | undefined;
  readonly region: OdpRegion;
  readonly apiHost: string;
  readonly enabled: boolean;
  readonly commonData: Data;
  readonly eventTime: boolean;
  readonly identity: OdpIdentity | undefined;
  readonly outbox: OdpOutbox;
  readonly delivery: ResolvedDelivery;
}

/**
 * Checks the module's options and completes them with their defaults, for
 * `forRoot` and `forRootAsync` alike.
 *
 * @throws OdpConfigurationError with every problem
 */
export function resolveOptions(options: unknown): ResolvedOptions {
  const problems: OdpViolation[] = [];
  const read = new OptionReader(
    options,
    '',
    new OptimizelyOdpModuleOptions(),
    problems,
  );
  const apiKey = checkApiKey(read.value('apiKey'), problems);
  const region =
    read.oneOf('region', ['us', 'eu', 'au']) ?? regionOfKey(apiKey ?? '');
  const allowInsecureHost = read.flag('allowInsecureHost');
  const resolved: ResolvedOptions = {
    apiKey,
    region,
    apiHost: checkApiHost(
      read.value('apiHost') ?? REGION_HOSTS[region],
      allowInsecureHost,
      problems,
    ),
    enabled: read.flag('enabled'),
    commonData: checkCommonData(read.value('commonData'), problems),
    eventTime: read.flag('eventTime'),
    identity: checkIdentity(read.value('identity'), problems),
    outbox: checkOutbox(read.value('outbox'), problems),
    delivery: resolveDelivery(read.value('delivery'), problems),
  };
  read.refuseUnknown();
  if (problems.length > 0) throw new OdpConfigurationError(problems);
  return resolved;
}

function resolveDelivery(
  value: unknown,
  problems: OdpViolation[],
): ResolvedDelivery {
  const read = new OptionReader(
    value,
    'delivery',
    new OdpDeliveryOptions(),
    problems,
  );
  const resolved: ResolvedDelivery = {
    batchSize: read.integer('batchSize', 1, MOST_EVENTS_PER_REQUEST),
    flushInterval: read.duration('flushInterval', 0),
    maxConcurrentRequests: read.integer('maxConcurrentRequests', 1),
    requestTimeout: read.duration('requestTimeout', 1),
    maxEventAge: read.duration('maxEventAge', 1),
    shutdownTimeout: read.duration('shutdownTimeout', 0),
    retry: resolveRetry(read.value('retry'), problems),
  };
  read.refuseUnknown();
  return resolved;
}

function resolveRetry(value: unknown, problems: OdpViolation[]): ResolvedRetry {
  const read = new OptionReader(
    value,
    'delivery.retry',
    new OdpRetryOptions(),
    problems,
  );
  const resolved: ResolvedRetry = {
    delay: read.duration('delay', 1),
    factor: read.number('factor', 1),
    maxDelay: read.duration('maxDelay', 1),
    jitter: read.flag('jitter'),
  };
  read.refuseUnknown();
  return resolved;
}

function checkApiKey(
  value: unknown,
  problems: OdpViolation[],
): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string' || !/^[\x21-\x7e]*$/.test(value.trim())) {
    problems.push({
      path: 'apiKey',
      message: 'must be text without spaces or control characters',
    });
    return undefined;
  }
  return value.trim() === '' ? undefined : value.trim();
}

function checkCommonData(value: unknown, problems: OdpViolation[]): Data {
  const data = copyData(value, 'commonData', problems);
  if (data.idempotence_id !== undefined) {
    problems.push({
      path: 'commonData.idempotence_id',
      message: 'must be left out, as every event needs one of its own',
    });
  }
  return data;
}

function checkIdentity(
  value: unknown,
  problems: OdpViolation[],
): OdpIdentity | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'function') return value as OdpIdentity;
  problems.push({
    path: 'identity',
    message: 'must be a function of the request, such as webVisitor()',
  });
  return undefined;
}

function checkOutbox(value: unknown, problems: OdpViolation[]): OdpOutbox {
  if (value === undefined || value === null) return memoryOutbox();
  if (value instanceof OdpOutbox) return value;
  problems.push({
    path: 'outbox',
    message: 'must be an OdpOutbox, such as memoryOutbox()',
  });
  return memoryOutbox();
}
