import type { ActiveFaults } from '../faults/active-faults.js';
import type { ResolvedOptions } from '../options.js';
import type { Account } from '../state/account.js';
import type { Segments } from '../state/segments.js';
import { type Answer, json, notFound } from '../wire/answer.js';
import {
  endedBy,
  type Outcome,
  outcomeOf,
  type Receiver,
  type WireRequest,
} from '../wire/receiver.js';
import { makeDatafile } from './datafile.js';

const PATH = /^\/datafiles\/(?:auth\/)?([\w-]+)\.json$/;

type Options = Pick<ResolvedOptions, 'sdkKey' | 'datafileAccessToken'>;

/** Serves datafiles, as Optimizely's CDN does. */
export class DatafileServer implements Receiver {
  readonly #options: Options;
  readonly #account: Account;
  readonly #segments: Segments;
  readonly #faults: ActiveFaults;

  constructor(
    options: Options,
    account: Account,
    segments: Segments,
    faults: ActiveFaults,
  ) {
    this.#options = options;
    this.#account = account;
    this.#segments = segments;
    this.#faults = faults;
  }

  receive(request: WireRequest): Outcome {
    const { path } = request;
    const struck = this.#faults.strike({ path, objects: [] });
    const { answer } = endedBy(struck) ?? { answer: this.#answer(request) };
    const outcome = outcomeOf(struck);
    return { outcome, answer, latency: struck?.latency ?? 0 };
  }

  #answer({ method, path, headers }: WireRequest): Answer {
    const [, sdkKey] = PATH.exec(path.split('?', 1)[0]!) ?? [];
    if (method !== 'GET' || sdkKey === undefined) {
      return notFound(`There is no ${method} ${path} here.`);
    }
    const { sdkKey: served, datafileAccessToken: token } = this.#options;
    if (served !== undefined && served !== sdkKey) {
      return json(403, { message: 'The sandbox serves another SDK key.' });
    }
    if (token !== undefined && headers.authorization !== `Bearer ${token}`) {
      return json(403, { message: 'The datafile needs an access token.' });
    }
    const { lastModified, revision } = this.#account;
    const date = new Date(lastModified).toUTCString();
    const cache = { 'last-modified': date, 'cache-control': 'no-cache' };
    if (headers['if-modified-since'] === date) {
      return { status: 304, body: '', headers: cache };
    }
    const datafile = makeDatafile({
      sdkKey,
      revision,
      // Whoever asks reaches the sandbox by this name.
      integration: this.#account.integrationAt(`http://${headers.host}`),
      segments: this.#segments.all().map(({ name }) => name),
    });
    return { ...json(200, datafile), headers: cache };
  }
}
