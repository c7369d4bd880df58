import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { OptimizelyOdpModuleOptions } from './module-options.js';
import { OdpConfigurationError } from '../errors/index.js';
import { DEFAULT_ACCOUNT } from '../service/index.js';
import { proxyProofAll } from '../proxy-proof.js';
import { accountExports, accountProviders } from './account-providers.js';

/** What stands beside the options of `forRoot` and `forRootAsync`. */
export interface OptimizelyOdpModuleExtras {
  /**
   * Whether the service can be injected in every module without an import.
   * @default true
   */
  isGlobal?: boolean | undefined;
  /**
   * The name of a further account: inject its service with `@InjectOdp(name)`.
   * @default the account without a name, whose service is `OdpService`
   */
  name?: string | undefined;
}

const extras: OptimizelyOdpModuleExtras = { isGlobal: true, name: undefined };

export const {
  ConfigurableModuleClass,
  MODULE_OPTIONS_TOKEN,
  OPTIONS_TYPE,
  ASYNC_OPTIONS_TYPE,
} = new ConfigurableModuleBuilder<OptimizelyOdpModuleOptions>({
  moduleName: 'OptimizelyOdp',
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createOptimizelyOdpOptions')
  .setExtras(extras, (definition, { isGlobal = true, name }) => {
    checkName(name);
    return {
      ...definition,
      global: isGlobal,
      providers: [
        ...(definition.providers ?? []),
        ...proxyProofAll(accountProviders(name)),
      ],
      exports: [...(definition.exports ?? []), ...accountExports(name)],
    };
  })
  .build();

/** Names stand in tokens, logs, metrics and the names of variables. */
const ACCOUNT_NAME = /^[^\s\p{C}](?:[^\p{C}]{0,62}[^\s\p{C}])?$/u;

/** @throws OdpConfigurationError */
function checkName(name: unknown): void {
  if (name === undefined) return;
  const message =
    name === DEFAULT_ACCOUNT
      ? `must not be '${DEFAULT_ACCOUNT}', as the account without a name is called; leave it out, or choose another`
      : typeof name === 'string' && ACCOUNT_NAME.test(name)
        ? undefined
        : "must be a string such as 'emea', at most 64 characters without control characters or white space at its ends; leave it out for the account without a name";
  if (message === undefined) return;
  throw new OdpConfigurationError([{ path: 'name', message }]);
}
