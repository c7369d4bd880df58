import { NestFactory } from '@nestjs/core';
import { startLocalOdp } from '../support/local-odp.js';
import { ShopModule } from './shop.module.js';

const odp = await startLocalOdp();
const app = await NestFactory.create(ShopModule);
app.enableShutdownHooks();
await app.listen(process.env.PORT ?? 3000, '127.0.0.1');
const shop = await app.getUrl();

console.log(`
The shop:  ${shop}/graphql
Local ODP: ${odp.url}   <- open it and watch events arrive

Look for tea and buy it, from another terminal:

  curl ${shop}/graphql -H 'content-type: application/json' -b 'vuid=0123456789abcdef0123456789abcdef' -d '{"query":"{ products { name stock } }"}'
  curl ${shop}/graphql -H 'content-type: application/json' -b 'vuid=0123456789abcdef0123456789abcdef' -d '{"query":"mutation { buy(id: \\"tea\\") { name price } }"}'

What ODP accepts is printed here. Ctrl+C ends both.
`);
