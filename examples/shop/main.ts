import { ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { startLocalOdp } from '../support/local-odp.js';
import { ShopModule } from './shop.module.js';

const odp = await startLocalOdp();
const app = await NestFactory.create(ShopModule);
app.useGlobalPipes(new ValidationPipe({ whitelist: true, transform: true }));
app.enableShutdownHooks();
await app.listen(process.env.PORT ?? 3000, '127.0.0.1');
const shop = await app.getUrl();

console.log(`
The shop:  ${shop}
Local ODP: ${odp.url}   <- open it and watch events arrive

Put something into the cart and buy it, from another terminal:

  curl ${shop}/cart -H 'content-type: application/json' -b 'vuid=0123456789abcdef0123456789abcdef' -d '{"product":"tea"}'
  curl ${shop}/checkout -H 'content-type: application/json' -b 'vuid=0123456789abcdef0123456789abcdef' -d '{"customer":{"email":"ada@example.com"}}'

What ODP accepts is printed here. The shop takes its account from a datafile:
press Datafile on the page, change key or host, and see the shop follow within
a second. Ctrl+C ends both.
`);
