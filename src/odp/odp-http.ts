// Not the global one, which the fake timers of an app's tests replace.
import { setImmediate } from 'node:timers';
import type { Clock } from '../clock.js';
import { PACKAGE_VERSION } from '../version.js';
import type { CredentialsHolder, OdpCredentials } from './credentials.js';
import {
  OdpTransport,
  OdpTransportError,
  type OdpTransportResponse,
} from './transport.js';

/** One request, to any endpoint. */
export interface OdpHttpRequest {
  readonly method: string;
  /** What follows the host, `/v3` and the query included. */
  readonly path: string;
  /** JSON text in UTF-8. */
  readonly body?: Buffer | undefined;
  /** In ms; without it, only `signal` ends the request. */
  readonly timeout?: number;
  readonly signal: AbortSignal;
  /** See {@link OdpTransportRequest.answerBytes}. */
  readonly answerBytes?: number;
}

const USER_AGENT = `nestjs-optimizely-odp/${PACKAGE_VERSION}`;
const NO_BODY = Buffer.alloc(0);

/** An account's requests to ODP: each gets the key, the headers and a time limit. */
export class OdpHttp {
  /** The account's name. */
  readonly account: string;
  /** What stands for the app, see `messageOf`. */
  readonly app: object | undefined;
  readonly #credentials: Pick<CredentialsHolder, 'current'>;
  readonly #transport: OdpTransport;
  readonly #clock: Pick<Clock, 'schedule'>;

  constructor(
    account: string,
    credentials: Pick<CredentialsHolder, 'current'>,
    transport: OdpTransport,
    clock: Pick<Clock, 'schedule'>,
    app?: object,
  ) {
    this.account = account;
    this.app = app;
    this.#credentials = credentials;
    this.#transport = transport;
    this.#clock = clock;
  }

  /** Read once per request; `undefined` as long as no account is integrated. */
  get credentials(): OdpCredentials | undefined {
    return this.#credentials.current;
  }

  /**
   * Resolves with any status. It ends in time, even if the transport does not.
   *
   * @throws OdpTransportError when there was no answer
   */
  async send(
    { method, path, body, timeout, signal, answerBytes }: OdpHttpRequest,
    { apiKey, apiHost }: OdpCredentials,
  ): Promise<OdpTransportResponse> {
    // By hand: `AbortSignal.any` is too expensive to call for every request.
    const timedOut = timeout === undefined ? undefined : new AbortController();
    let end: (reason: string, late?: boolean) => void = () => {};
    const cutOff = new Promise<never>((_, reject) => {
      end = (reason, late) => {
        reject(new OdpTransportError(reason, late));
        timedOut?.abort();
      };
    });
    // A transport may throw before anybody awaits this.
    cutOff.catch(() => {});
    const abort = () => end('aborted');
    const late = () => end(`no answer within ${timeout} ms`, true);
    const clear =
      timeout === undefined
        ? undefined
        : this.#clock.schedule(
            // First read an answer that arrived while the process was frozen or busy.
            () => setImmediate(late),
            timeout,
            false,
          );
    signal.addEventListener('abort', abort);
    try {
      if (signal.aborted) abort();
      const sent = this.#transport.send({
        account: this.account,
        method,
        url: apiHost + path,
        headers: {
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          'x-api-key': apiKey,
          'user-agent': USER_AGENT,
        },
        body: body ?? NO_BODY,
        signal: timedOut?.signal ?? signal,
        answerBytes,
      });
      const answer = await Promise.race([cutOff, sent]);
      // What answers may repeat the key, and its words are logged.
      return answer.body.includes(apiKey)
        ? { ...answer, body: answer.body.replaceAll(apiKey, '[key]') }
        : answer;
    } catch (error) {
      throw error instanceof OdpTransportError
        ? error
        : new OdpTransportError('the transport failed');
    } finally {
      clear?.();
      end = () => {};
      signal.removeEventListener('abort', abort);
    }
  }
}
