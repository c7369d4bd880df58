import {
  OdpSandbox,
  OdpSandboxError,
  type OdpSandboxSegment,
} from 'nestjs-optimizely-odp/sandbox';

/**
 * Starts a local ODP, prints what it accepts, and sets the environment so that
 * the app sends there, as a deployment would with its own SDK key.
 */
export async function startLocalOdp(
  segments: readonly OdpSandboxSegment[] = [],
): Promise<OdpSandbox> {
  const sandbox = await OdpSandbox.start({ port: 4100, segments }).catch(
    (error: unknown) => {
      const taken =
        error instanceof OdpSandboxError && error.code === 'portTaken';
      if (!taken) throw error;
      return OdpSandbox.start({ segments });
    },
  );
  sandbox.onEvents((events) => {
    for (const { event } of events) {
      const { type, action = '', identifiers, data } = event;
      console.log(
        `ODP <- ${type} ${action} ${JSON.stringify(identifiers)} ${JSON.stringify(data)}`,
      );
    }
  });
  const { OPTIMIZELY_ODP_API_KEY, OPTIMIZELY_ODP_API_HOST } = process.env;
  if ((OPTIMIZELY_ODP_API_KEY ?? OPTIMIZELY_ODP_API_HOST) === undefined) {
    // The account is that of the datafile, which the page of the local ODP changes.
    process.env.OPTIMIZELY_ODP_SDK_KEY ??= 'sandbox';
    process.env.OPTIMIZELY_ODP_DATAFILE_URL ??= sandbox.datafileUrl;
    process.env.OPTIMIZELY_ODP_DATAFILE_POLL_INTERVAL ??= '1s';
  }
  return sandbox;
}
