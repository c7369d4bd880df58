import 'reflect-metadata';
import { HttpService } from '@nestjs/axios';
import {
  OdpTransport,
  OdpTransportError,
  type OdpTransportRequest,
  type OdpTransportResponse,
} from 'nestjs-optimizely-odp';
import { transportContract } from 'nestjs-optimizely-odp/testing';
import { describe, expect, it } from 'vitest';
import {
  HttpServiceTransport,
  NodeHttpTransport,
} from '../../src/odp/index.js';

describe('HttpServiceTransport', () => {
  const harness = {
    create: () => new HttpServiceTransport(new HttpService()),
  };
  for (const { name, run } of transportContract(harness)) it(name, run);
});

describe('NodeHttpTransport', () => {
  const harness = { create: () => new NodeHttpTransport() };
  for (const { name, run } of transportContract(harness)) it(name, run);
});

/** A transport as a user might write it, with one mistake. */
class FetchTransport extends OdpTransport {
  readonly #mistake: string;

  constructor(mistake = 'none') {
    super();
    this.#mistake = mistake;
  }

  async send(request: OdpTransportRequest): Promise<OdpTransportResponse> {
    const mistaken = (mistake: string) => this.#mistake === mistake;
    try {
      const response = await fetch(request.url, {
        method: request.method,
        headers: mistaken('headers') ? {} : { ...request.headers },
        body: mistaken('latin1')
          ? request.body.toString('latin1')
          : new Uint8Array(request.body),
        redirect: mistaken('redirects') ? 'follow' : 'manual',
        ...(mistaken('signal') ? {} : { signal: request.signal }),
      });
      const { status } = response;
      if (mistaken('status') && !response.ok) throw new Error('not ok');
      let body = '';
      try {
        if (mistaken('no-body')) await response.body?.cancel();
        else body = await textOf(response);
      } catch (error) {
        if (mistaken('broken-2xx') || !response.ok) throw error;
      }
      const headers = Object.fromEntries(
        [...response.headers].map(([name, value]) => [
          mistaken('case') ? name.toUpperCase() : name,
          value,
        ]),
      );
      return { status, headers, body };
    } catch (error) {
      if (mistaken('raw-error')) throw error;
      const wrapped = new OdpTransportError('no answer');
      if (mistaken('key')) Object.assign(wrapped, { request });
      throw wrapped;
    }
  }
}

async function textOf(response: Response): Promise<string> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (text.length > 100_000) break;
  }
  return text;
}

describe('transportContract', () => {
  const careful = { create: () => new FetchTransport() };
  for (const { name, run } of transportContract(careful)) {
    it(`is met by a careful transport on fetch: ${name}`, run);
  }

  it.each([
    ['headers', 'posts the body byte for byte, with every header'],
    ['latin1', 'posts the body byte for byte, with every header'],
    ['redirects', 'follows no redirect, and returns it'],
    ['status', 'returns the status, whatever it is'],
    ['no-body', 'returns the body as text, JSON or not'],
    ['broken-2xx', 'counts a 2xx as an answer, even if its body breaks off'],
    ['case', 'returns header names in lower case'],
    ['raw-error', 'throws an OdpTransportError when nobody listens'],
    ['key', 'throws an OdpTransportError when the connection breaks'],
    ['signal', 'sends nothing when it is already aborted'],
  ])('finds the mistake %s', async (mistake, name) => {
    const cases = transportContract({
      create: () => new FetchTransport(mistake),
    });
    const found = cases.find((one) => one.name === name);
    await expect(found?.run()).rejects.toBeInstanceOf(Error);
  });
});
