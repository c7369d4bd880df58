import { registerAs } from '@nestjs/config';
import { OdpConfigurationError } from '../errors/index.js';
import type { OptimizelyOdpModuleOptions } from '../module/index.js';
import { integrationFromEnvironment } from './datafile-from-environment.js';
import { optionsFromEnvironment, PREFIX } from './environment.js';

/**
 * The module's options from the environment: variables named
 * `OPTIMIZELY_ODP_…`, read when the app boots.
 *
 * ```ts
 * OptimizelyOdpModule.forRootAsync(odpConfig.asProvider())
 * ```
 *
 * `OPTIMIZELY_ODP_SDK_KEY` takes key and host from an Optimizely datafile, as
 * `datafileIntegration()` does, and needs `@optimizely/optimizely-sdk`.
 *
 * @throws OdpConfigurationError naming every malformed variable
 */
export const odpConfig = registerAs(
  'optimizelyOdp',
  async (): Promise<OptimizelyOdpModuleOptions> => {
    const { env } = process;
    const results = await Promise.allSettled([
      new Promise<OptimizelyOdpModuleOptions>((resolve) => {
        resolve(optionsFromEnvironment(env));
      }),
      integrationFromEnvironment(env, PREFIX),
    ]);
    const [options, integration] = results;
    if (options.status === 'fulfilled' && integration.status === 'fulfilled') {
      return { ...options.value, integration: integration.value };
    }
    throw new OdpConfigurationError(
      results.flatMap((result) => {
        if (result.status === 'fulfilled') return [];
        const error: unknown = result.reason;
        if (error instanceof OdpConfigurationError) return error.problems;
        throw error;
      }),
    );
  },
);
