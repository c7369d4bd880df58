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
