import { Controller, Get } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { SendOdpEvent } from 'nestjs-optimizely-odp';
import { expect, onTestFinished, test } from 'vitest';

@Controller()
class ShopController {
  @Get()
  @SendOdpEvent({ action: 'seen', identifiers: { n: '1' } })
  look() {
    return 'seen';
  }
}

test('a logger that throws fails no request, not even if the module is missing', async () => {
  const module = await Test.createTestingModule({
    controllers: [ShopController],
  }).compile();
  const app = module.createNestApplication();
  await app.listen(0, '127.0.0.1');
  onTestFinished(() => app.close());
  const lines: string[] = [];
  const broken = (message: string) => {
    lines.push(message);
    throw new Error('the worker has exited');
  };
  app.useLogger({ log: () => {}, warn: broken, error: () => {} });
  const response = await fetch(await app.getUrl());
  expect(await response.text()).toBe('seen');
  expect(lines).toEqual([expect.stringContaining('is not imported')]);
});
