import { registerAs } from '@nestjs/config';
import { OdpConfigurationError } from '../errors/index.js';
import type { OptimizelyOdpModuleOptions } from '../module/index.js';
import { integrationFromEnvironment } from './datafile-from-environment.js';
import { optionsFromEnvironment, PREFIX } from './environment.js';
import { checkVariables } from './check-variables.js';

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
 * @throws OdpConfigurationError naming every malformed or unknown variable
 */
export const odpConfig = registerAs('optimizelyOdp', () => readOptions(PREFIX));

/**
 * The options of a named account from variables that have its name in them:
 * `odpConfigFor('emea')` reads `OPTIMIZELY_ODP_EMEA_API_KEY` and the like.
 * Characters other than letters and digits become `_`.
 *
 * ```ts
 * OptimizelyOdpModule.forRootAsync({ name: 'emea', ...odpConfigFor('emea').asProvider() })
 * ```
 *
 * @throws OdpConfigurationError naming every malformed variable
 */
export function odpConfigFor(name: string): typeof odpConfig {
  const infix = name
    .replaceAll(/([a-z\d])([A-Z])/g, '$1_$2')
    .replaceAll(/[^A-Za-z\d]+/g, '_')
    .toUpperCase();
  return registerAs(`optimizelyOdp:${name}`, () =>
    readOptions(`${PREFIX}${infix}_`),
  );
}

async function readOptions(
  prefix: string,
): Promise<OptimizelyOdpModuleOptions> {
  const { env } = process;
  const suspect = checkVariables(env, prefix);
  const results = await Promise.allSettled([
    new Promise<OptimizelyOdpModuleOptions>((resolve) => {
      resolve(optionsFromEnvironment(env, prefix));
    }),
    integrationFromEnvironment(env, prefix),
  ]);
  const [options, integration] = results;
  if (
    suspect.length === 0 &&
    options.status === 'fulfilled' &&
    integration.status === 'fulfilled'
  ) {
    return { ...options.value, integration: integration.value };
  }
  const malformed = results.flatMap((result) => {
    if (result.status === 'fulfilled') return [];
    const error: unknown = result.reason;
    if (error instanceof OdpConfigurationError) return error.problems;
    throw error;
  });
  const named = new Set(suspect.map(({ path }) => path));
  throw new OdpConfigurationError([
    ...malformed.filter(({ path }) => !named.has(path)),
    ...suspect,
  ]);
}
