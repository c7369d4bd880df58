import { ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { OdpValidationExceptionFilter } from 'nestjs-optimizely-odp';
import { listen, QuietLogger } from '../support/listen.js';
import { startLocalOdp } from '../support/local-odp.js';
import { ShopModule } from './shop.module.js';

// Whoever has bought three times is a vip, as of the third order.
const odp = await startLocalOdp([
  { name: 'vip', when: { type: 'order', action: 'purchase', atLeast: 3 } },
]);
const app = await NestFactory.create(ShopModule, { logger: new QuietLogger() });
app.useGlobalPipes(new ValidationPipe({ whitelist: true, transform: true }));
app.useGlobalFilters(new OdpValidationExceptionFilter());
app.enableShutdownHooks();
const shop = await listen(app);

const visitor = '-b vuid=0123456789abcdef0123456789abcdef';
const json = `-H 'content-type: application/json' ${visitor}`;
console.log(`
  Open this:  ${odp.url}   a local ODP: events appear there, and here
  The shop:   ${shop}   takes its account from the local ODP's datafile

  Buy something, from another terminal:

    curl ${shop}/cart ${json} -d '{"product":"tea"}'
    curl ${shop}/checkout ${json} -d '{"customer":{"email":"ada@example.com"}}'

  Buy three times, and ODP knows a vip: another price appears.

    curl ${shop}/products/pot ${visitor}

  Press Faults on the page to take ODP away, Datafile to move the account.
  Another port: PORT=3010 npm start. See also npm run start:graphql and
  start:microservice. Ctrl+C ends both.
`);
