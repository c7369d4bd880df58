import { Controller, Post } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  getOdpServiceToken,
  OdpService,
  SendOdpEvent,
} from 'nestjs-optimizely-odp';
import { expect, onTestFinished, test, vi } from 'vitest';
import { odpModule, useSandbox } from './support.js';

const sandbox = useSandbox();
const event = { action: 'paid', identifiers: { email: 'ada@example.com' } };

@Controller()
class ShopController {
  @Post()
  @SendOdpEvent(() => event)
  @SendOdpEvent(() => event, { account: 'emea', identity: false })
  buy() {}
}

const builder = () =>
  Test.createTestingModule({
    imports: [odpModule(sandbox.now), odpModule(sandbox.now, {}, 'emea')],
    controllers: [ShopController],
  });

async function post(app: ReturnType<typeof builder>) {
  const module = await app.compile();
  const nest = module.createNestApplication({ logger: false });
  await nest.listen(0, '127.0.0.1');
  onTestFinished(() => nest.close());
  return {
    nest,
    send: async () => fetch(await nest.getUrl(), { method: 'POST' }),
  };
}

test('what a test puts in the place of OdpService is what decorators send with', async () => {
  const mock = { trackOdpEvent: vi.fn() };
  const emea = { trackOdpEvent: vi.fn() };
  const { send, nest } = await post(
    builder()
      .overrideProvider(OdpService)
      .useValue(mock)
      .overrideProvider(getOdpServiceToken('emea'))
      .useValue(emea),
  );
  expect((await send()).status).toBe(201);
  await vi.waitFor(() => expect(emea.trackOdpEvent).toHaveBeenCalled());
  expect(mock.trackOdpEvent.mock.calls).toEqual([[event, {}]]);
  expect(emea.trackOdpEvent.mock.calls).toEqual([[event, { identity: false }]]);
  await nest.close();
  expect(sandbox.now.events()).toEqual([]);
});

test('a spy on the service sees them, too', async () => {
  const { send, nest } = await post(builder());
  const track = vi.spyOn(nest.get(OdpService), 'trackOdpEvent');
  await send();
  await vi.waitFor(() => expect(track).toHaveBeenCalledWith(event, {}));
});
