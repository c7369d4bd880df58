import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Test } from '@nestjs/testing';
import { OdpService } from 'nestjs-optimizely-odp';
import { shopModule } from './shop';

let server: Server;

beforeAll((done) => {
  server = createServer((_, response) => response.writeHead(202).end('{}'));
  server.listen(0, '127.0.0.1', done);
});
afterAll((done) => {
  server.close(done);
});

test('an event is delivered under Jest', async () => {
  const { port } = server.address() as AddressInfo;
  const module = await Test.createTestingModule({
    imports: [shopModule(`http://127.0.0.1:${port}`)],
  }).compile();
  const odp = module.get(OdpService);
  await odp.sendOdpEvent({
    action: 'tested',
    identifiers: { email: 'ada@example.com' },
  });
  await odp.flush();
  expect(odp.stats().delivered).toBe(1);
  await module.close();
});

test.each(['before', 'after'])(
  'fake timers of Jest set %s the boot hold up nothing, a retry included',
  async (when) => {
    let requests = 0;
    const flaky = createServer((_, response) =>
      response.writeHead(++requests === 1 ? 503 : 202).end('{}'),
    );
    await new Promise<void>((done) => flaky.listen(0, '127.0.0.1', done));
    const { port } = flaky.address() as AddressInfo;
    const fake = () => jest.useFakeTimers({ doNotFake: ['nextTick'] });
    if (when === 'before') fake();
    const module = await Test.createTestingModule({
      imports: [shopModule(`http://127.0.0.1:${port}`)],
    }).compile();
    if (when === 'after') fake();
    const odp = module.get(OdpService);
    await odp.sendOdpEvent(
      { action: 'tested', identifiers: { email: 'ada@example.com' } },
      { awaitDelivery: true },
    );
    await odp.flush();
    await module.close();
    jest.useRealTimers();
    expect(requests).toBe(2);
    await new Promise((done) => flaky.close(done));
  },
);
