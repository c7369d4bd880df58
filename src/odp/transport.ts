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
   * Set if the caller wants the answer's body: at most this many bytes of it, and
   * a body that breaks off counts as no answer. Otherwise the status says enough,
   * and the body need not end.
   */
  readonly answerBytes?: number | undefined;
  /** Aborted when the request has taken too long or the app ends. */
  readonly signal: AbortSignal;
}

/** What ODP answered. */
export interface OdpTransportResponse {
  /** The HTTP status, whatever it is. */
  readonly status: number;
  /** Header names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The body, or as much of it as was read. */
  readonly body: string;
}

/**
 * How requests travel to ODP (a port). It resolves with any status that came
 * back, and throws an `OdpTransportError` only when there was no answer.
 * It must not follow redirects: the key would go along.
 */
export abstract class OdpTransport {
  abstract send(request: OdpTransportRequest): Promise<OdpTransportResponse>;
}

/** There was no answer. Its message holds no key, as the original error might. */
export class OdpTransportError extends Error {
  override readonly name = 'OdpTransportError';

  constructor(
    /** Such as `ECONNREFUSED`, or in a few words what went wrong. */
    readonly reason: string,
    /** Whether the time limit was exceeded. */
    readonly timedOut = false,
  ) {
    super(`ODP did not answer: ${reason}`);
  }
}
