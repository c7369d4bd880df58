import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { OdpTransport, type OdpTransportRequest } from './transport.js';
import { systemClock } from '../clock.js';
import { ManualClock } from '../testing/manual-clock.js';
import { CredentialsHolder } from './credentials.js';
import { OdpClient } from './odp-client.js';
import { OdpHttp } from './odp-http.js';

const ACCOUNT = { apiKey: 'key', apiHost: 'http://127.0.0.1' };

class Recorder extends OdpTransport {
  readonly bodies: string[] = [];
  readonly went: string[] = [];

  send({ url, headers, body }: OdpTransportRequest) {
    this.went.push(`${headers['x-api-key']} to ${url}`);
    this.bodies.push(Buffer.from(body).toString());
    return Promise.resolve({ status: 202, headers: {}, body: '' });
  }
}

const clientOf = (transport: OdpTransport, credentials: CredentialsHolder) =>
  new OdpClient(
    new OdpHttp('default', credentials, transport, systemClock),
    systemClock,
    1000,
  );

const unit = fc.constantFrom('a', 'ü', '日', '😀');
const payload = fc
  .tuple(unit, fc.integer({ min: 1, max: 400 }))
  .map(([one, length]) => `{"a":"${one.repeat(length)}"}`);

it('joins events into a JSON list, whatever they take in UTF-8', async () => {
  const transport = new Recorder();
  const client = clientOf(transport, new CredentialsHolder(ACCOUNT));
  const { signal } = new AbortController();
  await fc.assert(
    fc.asyncProperty(
      fc.array(payload, { minLength: 1, maxLength: 20 }),
      async (payloads) => {
        await client.send(
          payloads.map((one, i) => ({
            id: `${i}`,
            payload: one,
            createdAt: 0,
            age: 0,
            failedAttempts: 0,
            claim: undefined,
          })),
          signal,
        );
        expect(transport.bodies.at(-1)).toBe(`[${payloads.join()}]`);
      },
    ),
  );
});

it('tells a request that took too long from one that was cut off', async () => {
  const hangs = new (class extends OdpTransport {
    send() {
      return new Promise<never>(() => {});
    }
  })();
  const clock = new ManualClock();
  const http = new OdpHttp(
    'default',
    new CredentialsHolder(ACCOUNT),
    hangs,
    clock,
  );
  const client = new OdpClient(http, clock, 1000);
  const end = new AbortController();
  const late = client.send([], end.signal);
  await clock.advance(1000);
  expect(await late).toMatchObject({
    timedOut: true,
    problem: 'no answer within 1000 ms',
  });
  const cutOff = client.send([], end.signal);
  end.abort();
  expect(await cutOff).toMatchObject({ timedOut: false, problem: 'aborted' });
});

it('sends key and host as they are at each request, and nothing without them', async () => {
  const transport = new Recorder();
  const credentials = new CredentialsHolder();
  let changes = 0;
  const stop = credentials.onChange(() => changes++);
  const client = clientOf(transport, credentials);
  const { signal } = new AbortController();
  const event = {
    id: '1',
    payload: '{}',
    createdAt: 0,
    failedAttempts: 0,
    age: 0,
    claim: undefined,
  };

  expect(await client.send([event], signal)).toMatchObject({
    kind: 'unavailable',
    problem: 'no ODP account is integrated',
  });
  credentials.set(ACCOUNT);
  credentials.set({ ...ACCOUNT });
  await client.send([event], signal);
  credentials.set({ apiKey: 'other', apiHost: 'http://127.0.0.2' });
  await client.send([event], signal);
  stop();
  credentials.set(undefined);
  await client.send([event], signal);

  expect(changes).toBe(2);
  expect(transport.went).toEqual([
    'key to http://127.0.0.1/v3/events',
    'other to http://127.0.0.2/v3/events',
  ]);
});

it.each([
  [202, 'accepted'],
  [400, 'unavailable'],
  [403, 'unavailable'],
  [503, 'unavailable'],
])(
  'holds nothing but a success of %d to an account that was replaced meanwhile',
  async (status, kind) => {
    const credentials = new CredentialsHolder(ACCOUNT);
    const transport = new (class extends OdpTransport {
      send() {
        credentials.set({ ...ACCOUNT, apiKey: 'other' });
        const headers = { 'retry-after': '60' };
        return Promise.resolve({ status, headers, body: '' });
      }
    })();
    const client = clientOf(transport, credentials);
    const event = {
      id: '1',
      payload: '{}',
      createdAt: 0,
      failedAttempts: 0,
      age: 0,
      claim: undefined,
    };
    const outcome = await client.send([event], new AbortController().signal);
    expect(outcome.kind).toBe(kind);
    expect(outcome).not.toMatchObject({ retryAfter: 60_000 });
  },
);
