import type { HttpService } from '@nestjs/axios';
import { OdpConfigurationError, type OdpViolation } from '../errors/index.js';
import { copyData, type Data, type OdpBeforeSend } from '../events/index.js';
import {
  memoryOutbox,
  OdpOutbox,
  resolveDeadLetters,
} from '../outbox/index.js';
import { OptionReader } from '../options/index.js';
import { resolveDelivery } from '../delivery/index.js';
import { OptimizelyOdpModuleOptions } from './module-options.js';
import type { ResolvedOptions } from '../account/index.js';
import { type ResolvedSegments, resolveSegments } from '../segments/index.js';
import type { OdpIdentity } from '../identity/index.js';
import {
  checkApiHost,
  isApiKey,
  type OdpIntegration,
  REGION_HOSTS,
  regionOfKey,
} from '../odp/index.js';

/** An account's options, and those of its segments. */
export interface ResolvedModuleOptions extends ResolvedOptions {
  readonly segments: ResolvedSegments;
}

/**
 * Checks the module's options and completes them with their defaults, for
 * `forRoot` and `forRootAsync` alike.
 *
 * @throws OdpConfigurationError with every problem
 */
export function resolveOptions(options: unknown): ResolvedModuleOptions {
  const problems: OdpViolation[] = [];
  const read = new OptionReader(
    options,
    '',
    new OptimizelyOdpModuleOptions(),
    problems,
  );
  const apiKey = checkApiKey(read.value('apiKey'), problems);
  const regionOfSuffix = regionOfKey(apiKey ?? '');
  const region =
    read.oneOf('region', ['us', 'eu', 'au']) ?? regionOfSuffix ?? 'us';
  const allowInsecureHost = read.flag('allowInsecureHost');
  const resolved: ResolvedModuleOptions = {
    apiKey,
    region,
    regionOfSuffix,
    integration: checkIntegration(read, problems),
    apiHost: checkApiHost(
      read.value('apiHost') ?? REGION_HOSTS[region],
      allowInsecureHost,
      problems,
    ),
    allowInsecureHost,
    enabled: read.flag('enabled'),
    http: checkHttp(read.value('http'), problems),
    commonData: checkCommonData(read.value('commonData'), problems),
    eventTime: read.flag('eventTime'),
    allowPlaceholderIdentifiers: read.flag('allowPlaceholderIdentifiers'),
    identity: checkFunction(
      'identity',
      'of the request, such as webVisitor()',
      read.value('identity'),
      problems,
    ) as OdpIdentity | undefined,
    beforeSend: checkFunction(
      'beforeSend',
      'of the event, which returns it or undefined',
      read.value('beforeSend'),
      problems,
    ) as OdpBeforeSend | undefined,
    outbox: checkOutbox(read.value('outbox'), problems),
    delivery: resolveDelivery(read.value('delivery'), problems),
    segments: resolveSegments(read.value('segments'), problems),
    deadLetters: resolveDeadLetters(read.value('deadLetters'), problems),
  };
  read.refuseUnknown();
  if (problems.length > 0) {
    throw new OdpConfigurationError(problems);
  }
  return resolved;
}

function checkApiKey(
  value: unknown,
  problems: OdpViolation[],
): string | undefined {
  if (value === undefined || value === null) return undefined;
  const key = typeof value === 'string' ? value.trim() : value;
  if (key === '') return undefined;
  if (isApiKey(key)) return key;
  problems.push({
    path: 'apiKey',
    message: 'must be a string without spaces or control characters',
  });
  return undefined;
}

function checkIntegration(
  read: OptionReader<OptimizelyOdpModuleOptions>,
  problems: OdpViolation[],
): OdpIntegration | undefined {
  const value = read.value('integration');
  if (value === undefined || value === null) return undefined;
  const integration = value as Partial<OdpIntegration>;
  const problem = problemOfIntegration(integration);
  if (problem !== undefined) {
    problems.push({
      path: 'integration',
      message: `must be an OdpIntegration, such as datafileIntegration(): ${problem}`,
    });
  }
  for (const path of ['apiKey', 'apiHost', 'region'] as const) {
    if (read.value(path) === undefined) continue;
    problems.push({
      path,
      message:
        'must be left out together with integration, which names the account',
    });
  }
  return value as OdpIntegration;
}

function problemOfIntegration({
  start,
  source,
  readyTimeout,
  whenNotReady = 'reject',
}: Partial<OdpIntegration>): string | undefined {
  if (typeof start !== 'function') return 'it has no method start';
  if (typeof source !== 'string') return 'its source is not text';
  if (typeof readyTimeout !== 'number' || !(readyTimeout >= 0)) {
    return 'its readyTimeout is not a number of ms';
  }
  return ['reject', 'hold'].includes(whenNotReady)
    ? undefined
    : "its whenNotReady is neither 'reject' nor 'hold'";
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

function checkFunction(
  path: string,
  what: string,
  value: unknown,
  problems: OdpViolation[],
): unknown {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'function') return value;
  problems.push({ path, message: `must be a function ${what}` });
  return undefined;
}

function checkHttp(
  value: unknown,
  problems: OdpViolation[],
): Pick<HttpService, 'axiosRef'> | undefined {
  if (value === undefined || value === null) return undefined;
  const { axiosRef } = value as Partial<HttpService>;
  if (typeof axiosRef?.request === 'function') return value as HttpService;
  problems.push({
    path: 'http',
    message:
      'must be the HttpService of @nestjs/axios: write forRootAsync({ imports: [HttpModule], inject: [HttpService], useFactory: (http) => ({ apiKey, http }) })',
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
