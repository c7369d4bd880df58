import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { OptimizelyOdpModuleOptions } from './module-options.js';
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
  .setExtras(extras, (definition, { isGlobal = true, name }) => ({
    ...definition,
    global: isGlobal,
    providers: [
      ...(definition.providers ?? []),
      ...proxyProofAll(accountProviders(name)),
    ],
    exports: [...(definition.exports ?? []), ...accountExports(name)],
  }))
  .build();
