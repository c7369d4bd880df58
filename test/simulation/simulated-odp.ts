import {
  OdpTransport,
  OdpTransportError,
  type OdpTransportRequest,
  type OdpTransportResponse,
} from '../../src/index.js';
import type { ManualClock } from '../../src/testing/index.js';
import type { Random } from './random.js';

/** What an event is like: good, or bad in one of the ways that cost others nothing. */
export const KINDS = [
  'good',
  'named',
  'unnamed',
  'blocked',
  'filtered',
  'crash',
] as const;
export type Kind = (typeof KINDS)[number];

/** What is between us and ODP. */
export const WEATHERS = [
  'fine',
  'down',
  'unreachable',
  'silent',
  'login',
  'refusing',
  'wrongKey',
  'busy',
  'unsteady',
  'forgetful',
  'fickle',
  'fickleKey',
  'lying',
] as const;
export type Weather = (typeof WEATHERS)[number];

interface Sent {
  readonly action: Kind;
  readonly data: { readonly idempotence_id: string };
}

const answer = (
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): OdpTransportResponse => ({
  status,
  headers,
  body: typeof body === 'string' ? body : JSON.stringify(body),
});
const no = (event: number) => ({ event, message: 'no' });
const HTML = '<html>Please sign in</html>';

/** ODP and the line to it, in simulated time. */
export class SimulatedOdp extends OdpTransport {
  weather: Weather = 'fine';
  /** How often each event was accepted. */
  readonly accepted = new Map<string, number>();
  /** Good events that something named as invalid in ODP's place. */
  readonly slandered = new Set<string>();
  /** How often that began, with an acceptance in between. */
  lies = 0;
  requests = 0;
  #isLying = false;
  readonly #clock: ManualClock;
  readonly #random: Random;

  constructor(clock: ManualClock, random: Random) {
    super();
    this.#clock = clock;
    this.#random = random;
  }

  async send({
    body,
    signal,
  }: OdpTransportRequest): Promise<OdpTransportResponse> {
    this.requests++;
    const events = JSON.parse(body.toString()) as Sent[];
    const { weather } = this;
    await this.#pass(
      weather === 'silent' ? Infinity : this.#random.between(0, 300),
      signal,
    );
    switch (weather) {
      case 'down':
        return answer(this.#random.oneOf([500, 502, 503, 504]), HTML);
      case 'unreachable':
        throw new OdpTransportError('ECONNREFUSED');
      case 'login':
        return answer(200, HTML);
      case 'refusing':
        return answer(400, HTML);
      case 'wrongKey':
        return answer(401, { message: 'no' });
      case 'busy':
        return answer(429, {}, { 'retry-after': '3' });
      case 'unsteady':
        if (this.#random.chance(0.5)) return answer(500, HTML);
        return this.#take(events);
      case 'forgetful':
        if (this.#random.chance(0.5)) return this.#take(events);
        this.#take(events);
        throw new OdpTransportError('ECONNRESET');
      case 'fickle':
        if (this.#random.chance(0.5)) return answer(400, HTML);
        return this.#take(events);
      case 'fickleKey':
        if (this.#random.chance(0.5)) return answer(403, HTML);
        return this.#take(events);
      case 'lying':
        return this.#lie(events);
      default:
        return this.#take(events);
    }
  }

  #take(events: readonly Sent[]): OdpTransportResponse {
    const has = (kind: Kind) => events.some(({ action }) => action === kind);
    if (has('blocked')) return answer(403, HTML);
    if (has('crash')) return answer(500, HTML);
    if (has('filtered')) return answer(400, HTML);
    if (has('unnamed')) return answer(422, { detail: { message: 'no' } });
    const invalids = events.flatMap(({ action }, event) =>
      action === 'named' ? [no(event)] : [],
    );
    if (invalids.length > 0) return answer(400, { detail: { invalids } });
    this.#isLying = false;
    for (const { data } of events) {
      const id = data.idempotence_id;
      this.accepted.set(id, (this.accepted.get(id) ?? 0) + 1);
    }
    return answer(202, {});
  }

  /** As ODP would, but with no regard to the events. */
  #lie([first]: readonly Sent[]): OdpTransportResponse {
    if (!this.#isLying) this.lies++;
    this.#isLying = true;
    if (first !== undefined) this.slandered.add(first.data.idempotence_id);
    return answer(400, { detail: { invalids: [no(0)] } });
  }

  #pass(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = () => {
        cancel();
        reject(new OdpTransportError('aborted'));
      };
      const cancel =
        ms === Infinity
          ? () => {}
          : this.#clock.schedule(
              () => {
                signal.removeEventListener('abort', abort);
                resolve();
              },
              ms,
              false,
            );
      if (signal.aborted) abort();
      else signal.addEventListener('abort', abort);
    });
  }
}
