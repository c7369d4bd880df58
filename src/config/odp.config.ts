import { registerAs } from '@nestjs/config';
import type { OptimizelyOdpModuleOptions } from '../module/index.js';
import { optionsFromEnvironment } from './environment.js';

/**
 * The module's options from the environment: variables named
 * `OPTIMIZELY_ODP_…`, read when the app boots.
 *
 * ```ts
 * OptimizelyOdpModule.forRootAsync(odpConfig.asProvider())
 * ```
 *
 * @throws OdpConfigurationError naming every malformed variable
 */
export const odpConfig = registerAs(
  'optimizelyOdp',
  (): OptimizelyOdpModuleOptions => optionsFromEnvironment(process.env),
);
