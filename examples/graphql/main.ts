import { NestFactory } from '@nestjs/core';
import { listen, QuietLogger } from '../support/listen.js';
import { startLocalOdp } from '../support/local-odp.js';
import { ShopModule } from './shop.module.js';

const odp = await startLocalOdp();
const app = await NestFactory.create(ShopModule, { logger: new QuietLogger() });
app.enableShutdownHooks();
const shop = await listen(app);

const json = `-H 'content-type: application/json' -b vuid=0123456789abcdef0123456789abcdef`;
console.log(`
  Open this:  ${odp.url}   a local ODP: events appear there, and here
  The shop:   ${shop}/graphql

  Look for tea and buy it, from another terminal:

    curl ${shop}/graphql ${json} -d '{"query":"{ products { name stock } }"}'
    curl ${shop}/graphql ${json} -d '{"query":"mutation { buy(id: \\"tea\\") { name price } }"}'

  Another port: PORT=3010 npm run start:graphql. Ctrl+C ends both.
`);
