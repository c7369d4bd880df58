import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { OdpTransport, type OdpTransportRequest } from './transport.js';
import { systemClock } from '../clock.js';
import { OdpClient } from './odp-client.js';

class Recorder extends OdpTransport {
  readonly bodies: string[] = [];

  send({ body }: OdpTransportRequest) {
    this.bodies.push(Buffer.from(body).toString());
    return Promise.resolve({ status: 202, headers: {}, body: '' });
  }
}

const unit = fc.constantFrom('a', 'ü', '日', '😀');
const payload = fc
  .tuple(unit, fc.integer({ min: 1, max: 400 }))
  .map(([one, length]) => `{"a":"${one.repeat(length)}"}`);

it('joins events into a JSON list, whatever they take in UTF-8', async () => {
  const transport = new Recorder();
  const client = new OdpClient(transport, systemClock, {
    account: 'default',
    apiHost: 'http://127.0.0.1',
    apiKey: 'key',
    requestTimeout: 1000,
  });
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
