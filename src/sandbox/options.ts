import { OdpSandboxError } from './errors.js';
import type { OdpSandboxSegment } from './state/segments.js';

/**
 * What happens to the valid events of a batch that holds an invalid one.
 * ODP does not document it, so both are here.
 */
export type OnInvalid = 'refuse-batch' | 'keep-valid';

/** Options of {@link OdpSandbox.start}, all of them optional. */
export interface OdpSandboxOptions {
  /**
   * The port to listen on; `0` takes any free one.
   * @default 0
   */
  readonly port?: number;

  /**
   * The address to bind. On a loopback address, requests whose `Host` header
   * names another host are refused, so that no website can read events through
   * DNS rebinding. On any other address the page is open to everybody who
   * reaches the port.
   * @default '127.0.0.1'
   */
  readonly host?: string;

  /** If set, a request to `/v3` with another `x-api-key`, or none, gets 403. */
  readonly apiKey?: string;

  /**
   * If set, `/datafiles/<sdkKey>.json` is served for this SDK key, and others
   * get 403. Any key is served otherwise.
   */
  readonly sdkKey?: string;

  /** If set, datafiles need `Authorization: Bearer <token>`, else get 403. */
  readonly datafileAccessToken?: string;

  /**
   * Segments by rules over what arrived; {@link OdpSandbox.defineSegment} adds
   * others.
   * @default []
   */
  readonly segments?: readonly OdpSandboxSegment[];

  /**
   * `refuse-batch`: a 400 with `detail.invalids` accepts nothing.
   * `keep-valid`: it accepts the batch's other events.
   * @default 'refuse-batch'
   */
  readonly onInvalid?: OnInvalid;

  /**
   * Names of identifiers of your account. `POST /v3/profiles` carries
   * identifiers among the attributes, and only these names and the standard
   * ones stitch there; in events every identifier does.
   * @default []
   */
  readonly identifiers?: readonly string[];

  /**
   * How many events are kept at least, and as many attempted ones with their
   * requests. The oldest go first, those of one request together, and sooner
   * if their bodies exceed 256 MiB.
   * @default 100000
   */
  readonly maxEvents?: number;

  /**
   * A file that keeps what the sandbox has seen across restarts; it is made
   * if it does not exist.
   */
  readonly keep?: string;

  /**
   * A request body past this many bytes gets 413.
   * @default 10485760 (10 MiB)
   */
  readonly maxBodyBytes?: number;

  /**
   * Draws whether a fault with a `share` strikes: a number from 0 up to 1.
   * @default Math.random
   */
  readonly random?: () => number;
}

/** Options that have no default: to leave them out means something. */
type WithoutDefault = 'apiKey' | 'keep' | 'sdkKey' | 'datafileAccessToken';

export type ResolvedOptions = Required<
  Omit<OdpSandboxOptions, WithoutDefault>
> &
  Pick<OdpSandboxOptions, WithoutDefault>;

/** @throws OdpSandboxError `invalidOption` that names the option */
export function resolveOptions(options: OdpSandboxOptions): ResolvedOptions {
  const resolved: ResolvedOptions = {
    port: options.port ?? 0,
    host: options.host ?? '127.0.0.1',
    apiKey: options.apiKey,
    sdkKey: options.sdkKey,
    datafileAccessToken: options.datafileAccessToken,
    segments: options.segments ?? [],
    onInvalid: options.onInvalid ?? 'refuse-batch',
    identifiers: options.identifiers ?? [],
    maxEvents: options.maxEvents ?? 100_000,
    keep: options.keep,
    maxBodyBytes: options.maxBodyBytes ?? 10 * 1024 * 1024,
    random: options.random ?? Math.random,
  };
  check('port', resolved.port, 0, 65_535);
  check('maxEvents', resolved.maxEvents, 1, 10_000_000);
  check('maxBodyBytes', resolved.maxBodyBytes, 1, 2 ** 29);
  if (!['refuse-batch', 'keep-valid'].includes(resolved.onInvalid)) {
    throw new OdpSandboxError(
      'invalidOption',
      "onInvalid is neither 'refuse-batch' nor 'keep-valid'. Give one of the two.",
    );
  }
  if (resolved.keep?.trim() === '') {
    throw new OdpSandboxError(
      'invalidOption',
      'keep is blank. Give the path of a file, or leave it out.',
    );
  }
  if (resolved.apiKey?.trim() === '') {
    throw new OdpSandboxError(
      'invalidOption',
      'apiKey is blank. Leave it out to accept any key.',
    );
  }
  return resolved;
}

function check(option: string, value: number, least: number, most: number) {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new OdpSandboxError(
      'invalidOption',
      `${option} is not a whole number from ${least} to ${most}. Give one, or leave it out.`,
    );
  }
}
