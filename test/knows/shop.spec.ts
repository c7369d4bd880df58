import 'reflect-metadata';
import { ValidationPipe } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { OdpService } from 'nestjs-optimizely-odp';
import { OdpSandbox } from 'nestjs-optimizely-odp/sandbox';
import { expect, it, onTestFinished, vi } from 'vitest';
import { ShopModule } from '../../examples/shop/shop.module.js';
import { soon } from '../support/soon.js';

it('the shop shows a price for vips after their third order', async () => {
  const sandbox = await OdpSandbox.start({
    segments: [
      { name: 'vip', when: { type: 'order', action: 'purchase', atLeast: 3 } },
    ],
  });
  onTestFinished(() => sandbox.close());
  vi.stubEnv('OPTIMIZELY_ODP_API_KEY', 'local-key');
  vi.stubEnv('OPTIMIZELY_ODP_API_HOST', sandbox.url);
  onTestFinished(() => void vi.unstubAllEnvs());
  const module = await Test.createTestingModule({
    imports: [ShopModule],
  }).compile();
  const app = module.createNestApplication({ logger: false });
  app.useGlobalPipes(new ValidationPipe({ whitelist: true, transform: true }));
  await app.listen(0, '127.0.0.1');
  onTestFinished(() => app.close());
  const url = await app.getUrl();
  const ask = async (path: string, body?: object): Promise<object> => {
    const response = await fetch(`${url}/${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        'content-type': 'application/json',
        cookie: 'vuid=0123456789abcdef0123456789abcdef',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return (await response.json()) as object;
  };

  for (let order = 1; order <= 3; order++) {
    expect(await ask('products/pot')).toEqual({
      id: 'pot',
      name: 'A pot for many',
      price: 39.9,
    });
    await ask('cart', { product: 'tea' });
    await ask('checkout', { customer: { email: 'ada@example.com' } });
  }
  await app.get(OdpService, { strict: false }).flush();
  await soon(async () =>
    expect(await ask('products/pot')).toMatchObject({ vipPrice: 35.91 }),
  );
});
