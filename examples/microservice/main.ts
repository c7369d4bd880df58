import { NestFactory } from '@nestjs/core';
import { startLocalOdp } from '../support/local-odp.js';
import { GatewayModule, ordersOptions } from './gateway.module.js';
import { OrdersModule } from './orders.module.js';

const odp = await startLocalOdp();
const orders = await NestFactory.createMicroservice(
  OrdersModule,
  ordersOptions,
);
orders.enableShutdownHooks();
await orders.listen();
const gateway = await NestFactory.create(GatewayModule);
gateway.enableShutdownHooks();
await gateway.listen(process.env.PORT ?? 3000, '127.0.0.1');
const url = await gateway.getUrl();

console.log(`
The gateway: ${url}   (it talks to the orders service over TCP)
Local ODP:   ${odp.url}   <- open it and watch events arrive

Order something, from another terminal:

  curl ${url}/orders -H 'content-type: application/json' -b 'vuid=0123456789abcdef0123456789abcdef' -d '{"product":"tea","email":"ada@example.com"}'

What ODP accepts is printed here. Ctrl+C ends all three.
`);
