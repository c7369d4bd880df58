/** One request to ODP. */
export interface OdpTransportRequest {
  /** The name of the account that sends, `default` unless the module was given one. */
  readonly account: string;
  /** The HTTP method, such as `POST`. */
  readonly method: string;
  /** The absolute address. */
  readonly url: string;
  /** Header names in lower case. `x-api-key` is a secret. */
  readonly headers: Readonly<Record<string, string>>;
  /** JSON text in UTF-8; empty if the request has no body. */
  readonly body: Buffer;
  /**
   * Set if the answer's body is what was asked for: so many bytes of it are
   * wanted, and one that breaks off is no answer. Otherwise the status says
   * enough, and the body need not come to an end.
   */
  readonly answerBytes?: number | undefined;
  /** Aborted when the request has taken too long or the app ends. */
  readonly signal: AbortSignal;
}

/** What ODP answered. */
export interface OdpTransportResponse {
  /** The HTTP status, whichever. */
  readonly status: number;
  /** Header names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The body, or as much of it as was read. */
  readonly body: string;
}

/**
 * How requests travel to ODP (a port). It resolves with any status that came
 * back, and throws an `OdpTransportError` only when there was no answer.
 * Redirects must not be followed: the key would travel along.
 */
export abstract class OdpTransport {
  abstract send(request: OdpTransportRequest): Promise<OdpTransportResponse>;
}

/** There was no answer. Its message holds no key, as the original error might. */
export class OdpTransportError extends Error {
  override readonly name = 'OdpTransportError';

  constructor(
    /** Such as `ECONNREFUSED`, or what else went wrong in a few words. */
    readonly reason: string,
    /** Whether it took longer than it may. */
    readonly timedOut = false,
  ) {
    super(`ODP did not answer: ${reason}`);
  }
}
