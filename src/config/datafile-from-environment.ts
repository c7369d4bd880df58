import { OdpConfigurationError, type OdpViolation } from '../errors/index.js';
import type { OdpIntegration } from '../odp/index.js';

/** The variables that name the account without a datafile. */
const INSTEAD = ['API_KEY', 'API_HOST', 'REGION'];
const SDK_KEY = 'SDK_KEY';
/** The variable of each other option of `datafileIntegration()`. */
const VARIABLE_OF = {
  accessToken: 'DATAFILE_ACCESS_TOKEN',
  url: 'DATAFILE_URL',
  pollInterval: 'DATAFILE_POLL_INTERVAL',
  readyTimeout: 'READY_TIMEOUT',
  whenNotReady: 'WHEN_NOT_READY',
};

/** The names of all variables, without the prefix. */
export const DATAFILE_VARIABLES: readonly string[] = [
  SDK_KEY,
  ...Object.values(VARIABLE_OF),
];

/** In a constant, so that bundlers do not require the optional SDK of every app. */
const ENTRY = 'nestjs-optimizely-odp/datafile';

/**
 * The integration that the variables name, if any. Only then is the official SDK
 * needed.
 *
 * @param prefix of every variable
 * @throws OdpConfigurationError naming every malformed variable
 */
export async function integrationFromEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  prefix: string,
): Promise<OdpIntegration | undefined> {
  const text = (name: string) => {
    const value = environment[prefix + name]?.trim();
    return value === '' ? undefined : value;
  };
  const sdkKey = text(SDK_KEY);
  const others = Object.entries(VARIABLE_OF);
  if (sdkKey === undefined) {
    const message = `must stand beside ${prefix}${SDK_KEY}`;
    const alone = others.map(([, name]) => name).filter(text);
    throwIfAny(alone.map((name) => ({ path: prefix + name, message })));
    return undefined;
  }
  const message = `must be left out together with ${prefix}${SDK_KEY}, whose datafile names the account`;
  throwIfAny(
    INSTEAD.filter(text).map((name) => ({ path: prefix + name, message })),
  );
  const { datafileIntegration } = await load(prefix + SDK_KEY);
  try {
    // The integration checks their range itself.
    return datafileIntegration({
      sdkKey,
      ...Object.fromEntries(
        others.map(([option, name]) => [option, text(name)]),
      ),
    });
  } catch (error) {
    if (!(error instanceof OdpConfigurationError)) throw error;
    throw new OdpConfigurationError(
      error.problems.map(({ path, message: problem }) => {
        const option = path.split('.').at(-1) as keyof typeof VARIABLE_OF;
        return {
          path: prefix + (VARIABLE_OF[option] ?? SDK_KEY),
          message: problem,
        };
      }),
    );
  }
}

async function load(
  variable: string,
): Promise<typeof import('../datafile/index.js')> {
  try {
    return (await import(
      /* @vite-ignore */ ENTRY
    )) as typeof import('../datafile/index.js');
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') {
      throw error;
    }
    throw new OdpConfigurationError([
      {
        path: variable,
        message:
          'needs @optimizely/optimizely-sdk: npm install @optimizely/optimizely-sdk',
      },
    ]);
  }
}

function throwIfAny(problems: readonly OdpViolation[]): void {
  if (problems.length > 0) throw new OdpConfigurationError(problems);
}
