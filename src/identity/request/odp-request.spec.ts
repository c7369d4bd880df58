import type { ExecutionContext } from '@nestjs/common';
import {
  KafkaContext,
  MqttContext,
  NatsContext,
  RedisContext,
  RmqContext,
  TcpContext,
} from '@nestjs/microservices';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { odpRequestOf, userOf } from './index.js';

const contextOf = (type: string, args: readonly unknown[]) =>
  ({ getType: () => type, getArgs: () => args }) as unknown as ExecutionContext;
const requestOf = (type: string, ...args: readonly unknown[]) =>
  odpRequestOf(contextOf(type, args));

describe('http', () => {
  test('takes what a cookie parser found, else reads the header', () => {
    const headers = { cookie: 'a=header' };
    expect(requestOf('http', { headers }).cookies).toEqual({ a: 'header' });
    expect(
      requestOf('http', { headers, cookies: { a: 'parsed' } }).cookies,
    ).toEqual({
      a: 'parsed',
    });
  });

  test('shows what there is', () => {
    const request = {
      method: 'GET',
      url: '/1?q=x',
      headers: { 'x-a': '1' },
      user: { id: 7 },
      params: { id: '1' },
      query: { q: 'x' },
      body: { b: 1 },
    };
    const { url, ...same } = request;
    expect(requestOf('http', request, {})).toEqual({
      type: 'http',
      ...same,
      path: '/1',
      cookies: {},
      raw: request,
    });
    expect(requestOf('http', { originalUrl: `/mounted${url}`, url }).path).toBe(
      '/mounted/1',
    );
    expect(requestOf('http', {})).toMatchObject({
      method: undefined,
      path: undefined,
    });
  });
});

describe('rpc', () => {
  const cookie = 'vuid=1';
  /** NATS' own class is iterable. */
  const natsHeaders = new Map([
    ['X-Own', ['1']],
    ['Cookie', [cookie]],
  ]);
  test.each([
    [
      'Kafka',
      new KafkaContext([
        { headers: { 'X-Own': Buffer.from('1'), cookie: Buffer.from(cookie) } },
        0,
        't',
      ] as never),
    ],
    [
      'RabbitMQ',
      new RmqContext([
        { properties: { headers: { 'X-Own': 1, cookie } } },
        {},
        'p',
      ]),
    ],
    ['NATS', new NatsContext(['subject', natsHeaders])],
    [
      'MQTT',
      new MqttContext([
        'topic',
        { properties: { userProperties: { 'X-Own': '1', cookie } } },
      ]),
    ],
    [
      'TCP',
      new TcpContext([{} as never, 'p', { 'X-Own': '1', cookie }] as never),
    ],
    [
      'Redis',
      new RedisContext(['channel', { 'X-Own': ['1'], cookie }] as never),
    ],
    ['gRPC', { getMap: () => ({ 'x-own': '1', cookie }) }],
    [
      'raw AMQP',
      { properties: { headers: { 'x-own': true, 'X-OWN': '1', cookie } } },
    ],
  ])('%s: headers and cookies', (_name, context) => {
    const data = { id: 1 };
    const request = requestOf('rpc', data, context);
    expect(request.headers).toEqual({ 'x-own': '1', cookie });
    expect(request.cookies).toEqual({ vuid: '1' });
    expect(request).toMatchObject({
      type: 'rpc',
      body: data,
      params: {},
      query: {},
    });
    expect(request.raw).toBe(context);
  });

  test('the user is who a guard put on the context, else on the payload', () => {
    expect(requestOf('rpc', { user: 'data' }, { user: 'context' }).user).toBe(
      'context',
    );
    expect(requestOf('rpc', { user: 'data' }, {}).user).toBe('data');
    expect(requestOf('rpc', 'text', undefined).user).toBeUndefined();
  });

  test('a transport of its own has no headers, and its payload is the body', () => {
    expect(requestOf('telegram', 'hello', { chat: 1 })).toMatchObject({
      type: 'telegram',
      body: 'hello',
      headers: {},
    });
  });
});

describe('ws', () => {
  const headers = { cookie: 'vuid=1' };
  test.each([
    ['socket.io', { handshake: { headers, query: { q: '1' } } }, { q: '1' }],
    ['ws that kept its request', { request: { headers } }, {}],
  ])('%s: the handshake', (_name, client, query) => {
    expect(requestOf('ws', client, 'data')).toEqual({
      type: 'ws',
      headers,
      cookies: { vuid: '1' },
      user: undefined,
      params: {},
      query,
      body: 'data',
      raw: client,
    });
  });

  test.each([
    ['client.user', { user: 'ada', data: { user: 'x' } }],
    ['client.data.user', { data: { user: 'ada' }, handshake: { user: 'x' } }],
    ['the handshake', { handshake: { user: 'ada' }, request: { user: 'x' } }],
    ['the request', { handshake: {}, request: { user: 'ada' } }],
  ])('the user of %s', (_name, client) => {
    expect(requestOf('ws', client).user).toBe('ada');
  });
});

describe('graphql', () => {
  const user = { name: 'ada' };
  const request = { headers: { cookie: 'vuid=1' }, user };
  test.each([
    ['ctx.req', { req: request }],
    ['ctx.request', { request }],
    ['ctx.reply.request', { reply: { request } }],
    ['ctx.extra.request', { extra: { request } }],
    ['ctx.req.extra.request', { req: { extra: { request } } }],
  ])('the request at %s, and its user', (_name, context) => {
    const args = [{}, { id: '1' }, context, {}];
    const found = requestOf('graphql', ...args);
    expect(found).toMatchObject({
      cookies: { vuid: '1' },
      user,
      body: { id: '1' },
    });
    expect(found.raw).toBe(request);
    expect(userOf(contextOf('graphql', args))).toBe(user);
  });

  test('the user that a guard put on the context', () => {
    expect(
      requestOf('graphql', {}, {}, { req: {}, user: 'ada' }, {}).user,
    ).toBe('ada');
    expect(
      requestOf(
        'graphql',
        {},
        {},
        { req: { user: 'ada', extra: { request: {} } } },
        {},
      ).user,
    ).toBe('ada');
  });

  test('reference resolvers have no field arguments', () => {
    const found = requestOf(
      'graphql',
      { __typename: 'P' },
      { req: request },
      {},
    );
    expect(found).toMatchObject({ user, body: undefined });
  });
});

describe('whatever comes', () => {
  const throwing = new Proxy(
    {},
    {
      get: () => {
        throw new Error('hostile');
      },
      ownKeys: () => {
        throw new Error('hostile');
      },
    },
  );
  const types = ['http', 'graphql', 'rpc', 'ws', 'other'];

  test.each(types)('%s never throws', (type) => {
    const odd = fc.anything({
      withBigInt: true,
      withNullPrototype: true,
      withTypedArray: true,
    });
    const keys = [
      'headers',
      'req',
      'request',
      'handshake',
      'data',
      'user',
      'getMessage',
      'getHeaders',
      'properties',
      'extra',
      'reply',
    ];
    const shaped = fc.dictionary(
      fc.constantFrom(...keys),
      fc.oneof(
        odd,
        fc.constant(throwing),
        fc.constant(() => throwing),
        fc.constant(() => {
          throw new Error('hostile');
        }),
        fc.record({ headers: fc.oneof(odd, fc.constant(throwing)) }),
      ),
    );
    const arg = fc.oneof(odd, shaped, fc.constant(throwing));
    fc.assert(
      fc.property(fc.array(arg, { maxLength: 5 }), (args) => {
        const request = requestOf(type, ...args);
        expect(request.type).toBe(type);
        expect(request.headers).toBeTypeOf('object');
        expect(request.cookies).toBeTypeOf('object');
      }),
    );
  });
});
