import { OdpSandboxError } from './errors.js';

/**
 * What happens to the valid events of a batch that holds an invalid one.
 * ODP does not document it, so both are here.
 */
export type OnInvalid = 'refuse-batch' | 'keep-valid';

/** Options of {@link OdpSandbox.start}; every one may be left out. */
export interface OdpSandboxOptions {
  /**
   * The port to listen on; `0` takes any free one.
   * @default 0
   */
  readonly port?: number;

  /**
   * The address to bind. While it is a loopback address, requests whose `Host`
   * header names another host are refused, so that no website can read events
   * through DNS rebinding. On any other address the page is open to whoever
   * reaches the port.
   * @default '127.0.0.1'
   */
  readonly host?: string;

  /** When set, a request to `/v3` with another `x-api-key`, or none, gets 403. */
  readonly apiKey?: string;

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
   * requests. The oldest are forgotten first, those of one request together;
   * sooner when their bodies are more than 256 MiB.
   * @default 100000
   */
  readonly keep?: number;

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

export type ResolvedOptions = Required<Omit<OdpSandboxOptions, 'apiKey'>> &
  Pick<OdpSandboxOptions, 'apiKey'>;

/** @throws OdpSandboxError `invalidOption` that names the option */
export function resolveOptions(options: OdpSandboxOptions): ResolvedOptions {
  const resolved: ResolvedOptions = {
    port: options.port ?? 0,
    host: options.host ?? '127.0.0.1',
    apiKey: options.apiKey,
    onInvalid: options.onInvalid ?? 'refuse-batch',
    identifiers: options.identifiers ?? [],
    keep: options.keep ?? 100_000,
    maxBodyBytes: options.maxBodyBytes ?? 10 * 1024 * 1024,
    random: options.random ?? Math.random,
  };
  check('port', resolved.port, 0, 65_535);
  check('keep', resolved.keep, 1, 10_000_000);
  check('maxBodyBytes', resolved.maxBodyBytes, 1, 2 ** 29);
  if (!['refuse-batch', 'keep-valid'].includes(resolved.onInvalid)) {
    throw new OdpSandboxError(
      'invalidOption',
      "onInvalid is neither 'refuse-batch' nor 'keep-valid'. Give one of the two.",
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
