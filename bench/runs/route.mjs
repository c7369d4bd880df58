// A route of a Nest app under as many requests as it can serve, with and
// without an event per request. `how`: `plain` sends none; `interceptor` has
// one of Nest's interceptors that does nothing; `decorated` has
// @SendOdpEvent(); `followed` runs each request in an AsyncLocalStorage that
// nobody reads; `ambient` sends from a service and leaves it to the `identity`
// option to say who is calling; `official` and `posthog` call that SDK in the
// handler.
import 'reflect-metadata';
import { AsyncLocalStorage } from 'node:async_hooks';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  Body,
  Controller,
  Module,
  Post,
  UseInterceptors,
  ValidationPipe,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IsEmail, IsInt, IsString } from 'class-validator';
import {
  OdpService,
  OptimizelyOdpModule,
  SendOdpEvent,
} from '../../dist/index.js';
import { options, report, startCpu, startSink } from '../measure.mjs';
import { openSender } from '../senders.mjs';

const { platform, how, requests, warmUp = 10_000, connections = 32 } = options;

class CheckoutDto {
  email;
  product;
  quantity;
}
IsEmail()(CheckoutDto.prototype, 'email');
IsString()(CheckoutDto.prototype, 'product');
IsInt()(CheckoutDto.prototype, 'quantity');

const sends = how === 'decorated' || how === 'ambient';
let odp;
let other;
const purchaseOf = (order) => ({ order_id: order.id, total: order.total });
class CheckoutController {
  checkout(dto) {
    const order = {
      id: `${dto.product}-${dto.quantity}`,
      total: dto.quantity * 9.5,
      email: dto.email,
      status: 'paid',
    };
    other?.send({
      type: 'order',
      action: 'purchase',
      identifiers: { email: order.email },
      data: purchaseOf(order),
    });
    if (how === 'ambient') {
      odp.trackOdpEvent({
        type: 'order',
        action: 'purchase',
        data: purchaseOf(order),
      });
    }
    return order;
  }
}
const { prototype } = CheckoutController;
const decorate = (decorator) =>
  decorator(
    prototype,
    'checkout',
    Object.getOwnPropertyDescriptor(prototype, 'checkout'),
  );
decorate(Post('checkout'));
Body()(prototype, 'checkout', 0);
Reflect.defineMetadata(
  'design:paramtypes',
  [CheckoutDto],
  prototype,
  'checkout',
);
if (how === 'interceptor') {
  decorate(UseInterceptors({ intercept: (_call, next) => next.handle() }));
}
if (how === 'decorated') {
  decorate(
    SendOdpEvent({
      type: 'order',
      action: 'purchase',
      identifiers: ({ result }) => ({ email: result.email }),
      data: ({ result }) => purchaseOf(result),
    }),
  );
}
Controller()(CheckoutController);

const sink = await startSink();
if (how === 'official' || how === 'posthog') {
  other = await openSender(how, sink.url, {});
}
class App {}
Module({
  imports: !sends
    ? []
    : [
        OptimizelyOdpModule.forRoot({
          apiKey: 'bench-key',
          apiHost: sink.url,
          ...(how === 'ambient'
            ? {
                identity: ({ headers, cookies }) => ({
                  email: headers['x-email'],
                  vuid: cookies.vuid,
                }),
              }
            : {}),
        }),
      ],
  controllers: [CheckoutController],
})(App);

async function adapter() {
  if (platform === 'express') {
    const { ExpressAdapter } = await import('@nestjs/platform-express');
    return new ExpressAdapter();
  }
  const { FastifyAdapter } = await import('@nestjs/platform-fastify');
  return new FastifyAdapter();
}
const app = await NestFactory.create(App, await adapter(), {
  logger: ['error', 'warn'],
});
app.useGlobalPipes(new ValidationPipe({ whitelist: true }));
if (how === 'followed') {
  const callers = new AsyncLocalStorage();
  app.use((request, _response, next) => callers.run(request, next));
}
await app.listen(0, '127.0.0.1');
odp = !sends ? undefined : app.get(OdpService);

const body = JSON.stringify({
  email: 'customer@example.com',
  product: 'earl-grey',
  quantity: 3,
});
const load = fork(new URL('../load.mjs', import.meta.url), [
  JSON.stringify({
    port: Number(new URL(await app.getUrl()).port),
    connections,
    warmUp,
    requests,
    request: [
      'POST /checkout HTTP/1.1',
      'host: 127.0.0.1',
      'content-type: application/json',
      'x-email: customer@example.com',
      'cookie: theme=dark; vuid=8f1c2d3e4b5a69788796a5b4c3d2e1f0',
      `content-length: ${body.length}`,
      '',
      body,
    ].join('\r\n'),
  }),
]);
await once(load, 'message');
const cpu = startCpu();
const [{ rate, p50, p99 }] = await once(load, 'message');
const used = cpu();
await sleep(200); // the last visitors' requests are still under way
await odp?.flush();
await other?.close();
const stats = odp?.stats();
const { events } = await sink.stats();
report({
  rate,
  p50,
  p99,
  cpu: used / requests,
  lost: stats === undefined ? 0 : stats.accepted - events + stats.dropped,
  events,
});
