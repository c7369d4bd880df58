import { setImmediate as turn } from 'node:timers/promises';
import { Controller, Inject, Logger, Post } from '@nestjs/common';
import {
  getOdpServiceToken,
  InjectOdp,
  OdpService,
  SendOdpEvent,
} from 'nestjs-optimizely-odp';
import { OdpSandbox } from 'nestjs-optimizely-odp/sandbox';
import { expect, test, vi } from 'vitest';
import { actions, arrived, odpModule, useApps, useSandbox } from './support.js';

@Controller()
class ShopController {
  constructor(
    @Inject(OdpService) private readonly odp: OdpService,
    @InjectOdp('emea') private readonly emea: OdpService,
  ) {}

  @Post()
  @SendOdpEvent({ action: 'decorated' })
  @SendOdpEvent({ action: 'decorated for emea', account: 'emea' })
  @SendOdpEvent(() => [{ action: 'made' }, { action: 'made too' }], {
    account: 'emea',
  })
  async buy(): Promise<void> {
    await this.odp.sendOdpEvent({ action: 'injected' });
    await this.emea.sendOdpEvent({ action: 'injected for emea' });
  }
}

const here = useSandbox();
const start = useApps();

test('each decorator and each injection reaches its own account, with its own identity', async () => {
  await using emea = await OdpSandbox.start();
  const app = await start({
    imports: [
      odpModule(here.now, { identity: () => ({ email: 'ada@example.com' }) }),
      odpModule(emea, { identity: () => ({ customer_id: 'E-1' }) }, 'emea'),
    ],
    controllers: [ShopController],
  });
  await fetch(app.url, { method: 'POST' });

  const ours = await here.now.waitFor(2);
  const theirs = await emea.waitFor(4);
  expect(actions(ours.map(({ event }) => event))).toEqual([
    'decorated',
    'injected',
  ]);
  expect(actions(theirs.map(({ event }) => event))).toEqual([
    'decorated for emea',
    'injected for emea',
    'made',
    'made too',
  ]);
  for (const { event } of ours)
    expect(event.identifiers).toEqual({ email: 'ada@example.com' });
  for (const { event } of theirs)
    expect(event.identifiers).toEqual({ customer_id: 'E-1' });
});

@Controller()
class TenantController {
  @Post('sync/:tenant')
  @SendOdpEvent({
    action: 'sync',
    account: ({ request }) => request.params['tenant'],
  })
  sync(): void {}

  @Post('async/:tenant')
  @SendOdpEvent({
    action: 'async',
    account: async ({ request }) => {
      await turn();
      return request.params['tenant'];
    },
  })
  async(): void {}

  @Post('throws')
  @SendOdpEvent({
    action: 'throws',
    account: ({ request }) =>
      (request.body as { tenant: { name: string } }).tenant.name,
  })
  throws(): void {}
}

test("a function of the call tells a decorator's account", async () => {
  const errors: string[] = [];
  vi.spyOn(Logger.prototype, 'error').mockImplementation((text) => {
    errors.push(String(text));
  });
  await using emea = await OdpSandbox.start();
  const identity = () => ({ email: 'ada@example.com' });
  const app = await start({
    imports: [
      odpModule(here.now, { identity }),
      odpModule(emea, { identity }, 'emea'),
    ],
    controllers: [TenantController],
  });
  expect(errors).toEqual([]);
  for (const path of [
    'sync/emea',
    'async/emea',
    'sync/default',
    'throws',
    'sync/nobody',
  ]) {
    const { status } = await fetch(`${app.url}/${path}`, { method: 'POST' });
    expect(status).toBe(201);
  }
  await app.app.get<OdpService>(getOdpServiceToken('emea')).flush();
  expect(actions(emea.events().map(({ event }) => event))).toEqual([
    'async',
    'sync',
  ]);
  expect(actions(await arrived(here.now, app))).toEqual(['sync']);
  expect(errors).toEqual([
    expect.stringMatching(
      /^On TenantController\.throws: .*account cannot be determined/,
    ),
    expect.stringMatching(/^On TenantController\.sync: .*not configured/),
  ]);
  expect(errors.join()).not.toContain('nobody');
  vi.restoreAllMocks();
});

test('two apps in one process keep apart', async () => {
  await using other = await OdpSandbox.start();
  const [one, two] = [
    await start({
      imports: [
        odpModule(here.now, { identity: () => ({ email: 'one@example.com' }) }),
      ],
      controllers: [SingleController],
    }),
    await start({
      imports: [
        odpModule(other, { identity: () => ({ email: 'two@example.com' }) }),
      ],
      controllers: [SingleController],
    }),
  ];
  await Promise.all([
    fetch(one.url, { method: 'POST' }),
    fetch(two.url, { method: 'POST' }),
  ]);
  expect((await here.now.waitFor(1))[0]?.event.identifiers).toEqual({
    email: 'one@example.com',
  });
  expect((await other.waitFor(1))[0]?.event.identifiers).toEqual({
    email: 'two@example.com',
  });
});

@Controller()
class SingleController {
  @Post()
  @SendOdpEvent({ action: 'posted' })
  post(): void {}
}
