import { NestFactory } from '@nestjs/core';
import { listen, orExplain, QuietLogger } from '../support/listen.js';
import { startLocalOdp } from '../support/local-odp.js';
import { GatewayModule, ordersOptions, ordersPort } from './gateway.module.js';
import { OrdersModule } from './orders.module.js';

const odp = await startLocalOdp();
const logger = new QuietLogger();
const orders = await NestFactory.createMicroservice(OrdersModule, {
  ...ordersOptions,
  logger,
});
orders.enableShutdownHooks();
await orExplain('ORDERS_PORT', ordersPort, () => orders.listen());
const gateway = await NestFactory.create(GatewayModule, { logger });
gateway.enableShutdownHooks();
const url = await listen(gateway);

const json = `-H 'content-type: application/json' -b vuid=0123456789abcdef0123456789abcdef`;
console.log(`
  Open this:    ${odp.url}   a local ODP: events appear there, and here
  The gateway:  ${url}   talks to the orders service over TCP

  Order something, from another terminal:

    curl ${url}/orders ${json} -d '{"product":"tea","email":"ada@example.com"}'

  Other ports: PORT=3010 ORDERS_PORT=3011 npm run start:microservice.
  Ctrl+C ends all three.
`);
