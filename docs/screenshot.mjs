// Takes docs/sandbox.png: npm run build && node docs/screenshot.mjs
import { fileURLToPath } from 'node:url';
import { OdpSandbox } from 'nestjs-optimizely-odp/sandbox';
import { chromium } from 'playwright-core';

const people = ['ada', 'grace', 'linus', 'margaret'].map((name, index) => ({
  email: `${name}@example.com`,
  vuid: `${index}f3c0b27d1e84a6c9d2f5e7081b3c46d`,
}));

let count = 0;
const event = (type, action, identifiers, data) => ({
  type,
  action,
  identifiers,
  data: { idempotence_id: `event-${count++}`, ...data },
});

function* visits() {
  for (const [index, { email, vuid }] of people.entries()) {
    const product = { product_id: `bean-${index + 1}`, category: 'coffee' };
    const order = { order_id: `${1041 + index}`, total: 42.5 + index };
    yield [
      event('pageview', undefined, { vuid }, { page: '/coffee/beans' }),
      event('product', 'detail', { vuid }, product),
      event('product', 'add_to_cart', { vuid }, { ...product, quantity: 2 }),
    ];
    yield [event('account', 'login', { email, vuid }, {})];
    const purchase = event('order', 'purchase', { email }, { order });
    yield [purchase];
    if (index === 3) yield [purchase];
  }
}

const sandbox = await OdpSandbox.start();
const send = (events) =>
  fetch(`${sandbox.url}/v3/events`, {
    method: 'POST',
    body: JSON.stringify(events),
  });
for (const events of visits()) await send(events);
sandbox.setSegments({ email: 'margaret@example.com' }, ['coffee_lovers']);
sandbox.fail({ status: 503, retryAfter: 5, share: 0.25 });

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
});
const page = await browser.newPage({ viewport: { width: 1240, height: 640 } });
await page.goto(sandbox.url);
await page.getByText('purchase').first().click();
await page.getByRole('button', { name: 'Customer' }).click();
await page.locator('.history').waitFor();
await page.locator('#open-faults').focus();
await page.screenshot({
  path: fileURLToPath(new URL('sandbox.png', import.meta.url)),
});
await browser.close();
await sandbox.close();
