import 'reflect-metadata';
import { Test } from '@nestjs/testing';
import {
  OdpApiError,
  OdpSegmentsError,
  OdpService,
} from 'nestjs-optimizely-odp';
import {
  OptimizelyOdpTestingModule,
  RecordingOdpTransport,
} from 'nestjs-optimizely-odp/testing';
import { expect, it, onTestFinished } from 'vitest';

const email = 'ada@example.com';
const segments = ['vip', 'gold'];

async function testing() {
  const app = await Test.createTestingModule({
    imports: [OptimizelyOdpTestingModule.forRoot()],
  }).compile();
  app.useLogger(false);
  onTestFinished(() => app.close());
  return {
    odp: app.get(OdpService),
    transport: app.get(RecordingOdpTransport),
  };
}

it('answers the segments that a test sets, and none for anybody else', async () => {
  const { odp, transport } = await testing();
  transport.setSegments({ email, fs_user_id: 'u1' }, ['vip', 'other']);
  expect(await odp.fetchQualifiedSegments({ email }, { segments })).toEqual([
    'vip',
  ]);
  expect(
    await odp.fetchQualifiedSegments({ fs_user_id: 'u1' }, { segments }),
  ).toEqual(['vip']);
  expect(
    await odp.fetchQualifiedSegments({ email: 'no@b.org' }, { segments }),
  ).toEqual([]);
  transport.setSegments({ email }, ['gold']);
  expect(
    await odp.fetchQualifiedSegments({ email }, { segments, cache: 'reset' }),
  ).toEqual(['gold']);
  expect(transport.calls).toHaveLength(4);
  expect(transport.calls[0]).toMatchObject({
    account: 'default',
    method: 'POST',
    path: '/v3/graphql',
    body: { variables: { id: email, segments } },
  });
  expect(transport.requests).toEqual([]);
  expect(transport.sent).toEqual([]);
});

it('knows the customers that a test sets, and what the app updates', async () => {
  const { odp, transport } = await testing();
  expect(await odp.customers.get({ email })).toBeUndefined();
  transport.setCustomer({ email }, { first_name: 'Ada', age: 36 });
  await odp.customers.update({
    identifiers: { email },
    attributes: { age: 37 },
  });
  expect(await odp.customers.get({ email })).toEqual({
    attributes: { email, first_name: 'Ada', age: 37 },
  });
  expect(transport.calls.map(({ method, query }) => [method, query])).toEqual([
    ['GET', { email }],
    ['POST', {}],
    ['GET', { email }],
  ]);
});

it('answers calls as a test wants, and begins anew', async () => {
  const { odp, transport } = await testing();
  transport.respondToCallsWith(403);
  await expect(
    odp.fetchQualifiedSegments({ email }, { segments }),
  ).rejects.toBeInstanceOf(OdpSegmentsError);
  transport.respondToCallsWith(({ path }) =>
    path === '/v3/lists' ? { body: { lists: [] } } : undefined,
  );
  expect((await odp.api.request({ path: '/lists' })).body).toEqual({
    lists: [],
  });
  expect(await odp.fetchQualifiedSegments({ email }, { segments })).toEqual([]);
  transport.respondToCallsWith(() => {
    throw new Error('ECONNREFUSED');
  });
  await expect(
    odp.api.request({ method: 'POST', path: '/lists', timeout: 50 }),
  ).rejects.toBeInstanceOf(OdpApiError);
  transport.clear();
  expect(transport.calls).toEqual([]);
  expect((await odp.api.request({ path: '/lists' })).body).toEqual({});
});
