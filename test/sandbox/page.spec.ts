import type {
  OdpSandbox,
  OdpSandboxOptions,
} from 'nestjs-optimizely-odp/sandbox';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { launch, skipReason, skipsBrowser } from './browser.js';
import { anEvent, post, sandboxes } from './support.js';

/** Looks until it is so; how long that takes on a busy machine says nothing. */
const poll = <T>(look: () => T) => expect.poll(look, { timeout: 10_000 });

if (skipsBrowser) console.warn(`Browser tests are skipped: ${skipReason}.`);

const rows = (page: Page) => page.locator('.event .body .row');
const detail = (page: Page) => page.locator('#detail');

/** The actions listed, from the top. */
const listed = (page: Page) => rows(page).locator('b').allInnerTexts();

describe.skipIf(skipsBrowser)('the page', () => {
  const start = sandboxes();
  let browser: Browser;
  let page: Page;
  let errors: string[];

  beforeAll(async () => {
    browser = await launch();
    page = await browser.newPage({
      viewport: { width: 1280, height: 720 },
      timezoneId: 'Europe/Berlin',
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    page.setDefaultTimeout(10_000);
    page.on('pageerror', (error) => errors.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text());
    });
  });
  // Before its sandbox goes, which it would complain about.
  afterEach(() => page.goto('about:blank'));
  afterAll(() => browser?.close());

  /** Opens the page of a new sandbox. */
  async function open(options?: OdpSandboxOptions): Promise<OdpSandbox> {
    const sandbox = await start(options);
    errors = [];
    await page.goto(sandbox.url);
    await page.getByText('Live', { exact: true }).waitFor();
    return sandbox;
  }

  it('lists events as they arrive, newest first', async () => {
    const sandbox = await open();
    await page.getByText('Waiting for events').waitFor();
    await post(sandbox, [
      anEvent('first'),
      anEvent('second', { vuid: 'v1' }, { total: 9.5 }),
    ]);
    await rows(page).nth(1).waitFor();
    const top = await rows(page).first().innerText();
    expect(top.split(/\s+/)).toEqual(
      expect.arrayContaining(['second', 'vuid', 'v1', 'total:', '9.5', '2/2']),
    );
    await post(sandbox, anEvent('third'));
    await poll(() => listed(page)).toEqual(['third', 'second', 'first']);
    expect(errors).toEqual([]);
  });

  it('shows what came before it was opened', async () => {
    const sandbox = await open();
    await post(sandbox, anEvent('a'));
    await page.reload();
    await poll(() => listed(page)).toEqual(['a']);
  });

  it('filters by words, fields and what must not be there', async () => {
    const sandbox = await open();
    await post(sandbox, [
      anEvent('a', { email: 'ada@example.com' }, { order: { id: 'x-1' } }),
      anEvent('b', { email: 'grace@example.com' }),
      anEvent('c', { email: 'ada@example.com' }),
    ]);
    await rows(page).nth(2).waitFor();
    const filter = page.getByRole('searchbox');
    await page.keyboard.press('/');
    await filter.pressSequentially('EMAIL:ada');
    await poll(() => listed(page)).toEqual(['c', 'a']);
    await page.getByText('2 of 3').waitFor();
    await filter.fill('email:ada -action:c');
    await poll(() => listed(page)).toEqual(['a']);
    await filter.fill('order.id:x-1');
    await poll(() => listed(page)).toEqual(['a']);
    await post(sandbox, [
      anEvent('d'),
      anEvent('e', {}, { order: { id: 'x-1' } }),
    ]);
    await poll(() => listed(page)).toEqual(['e', 'a']);
    await filter.fill('');
    await poll(() => listed(page)).toEqual(['e', 'd', 'c', 'b', 'a']);
  });

  it('keeps markup in events text, wherever it stands', async () => {
    const sandbox = await open();
    const evil = '<img src=x onerror="window.pwned=1"><b id="evil">b</b>';
    const event = {
      type: evil,
      action: evil,
      identifiers: { email: evil, [evil]: 'x' },
      data: { [evil]: evil, nested: { evil }, idempotence_id: evil },
    };
    sandbox.fail({ invalid: { action: 'no' }, message: evil });
    await post(sandbox, [event, event]);
    await post(sandbox, { ...event, action: 'no' });
    await rows(page).first().click();
    await poll(() => detail(page).locator('dd').first().innerText()).toBe(evil);
    await page.keyboard.press('c');
    await detail(page).getByText('History').waitFor();
    await page.getByRole('link', { name: /^Requests/ }).click();
    await page.locator('.request .body .row').first().click();
    await detail(page).getByText('Answer', { exact: true }).waitFor();
    expect(
      await page.evaluate<unknown>(
        '[window.pwned, document.querySelector("#evil"), document.querySelectorAll("img[src=x]").length]',
      ),
    ).toEqual([undefined, null, 0]);
    expect(errors).toEqual([]);
  });

  it('shows an event, and what it is a duplicate of', async () => {
    const sandbox = await open();
    const data = { idempotence_id: 'one', coupon: 'WELCOME', ts: 0 };
    await post(sandbox, anEvent('a', undefined, data));
    await post(sandbox, anEvent('b', undefined, data));
    await rows(page).first().getByText('dup').waitFor();
    await rows(page).first().click();
    const text = await detail(page).innerText();
    expect(text).toContain('WELCOME');
    expect(text).toMatch(/1970-01-01 01:00:00 \+01:00\s+0/);
    expect(text).toMatch(/accepted before, as\s+#1/);
    await detail(page).getByRole('link', { name: '#1' }).click();
    await detail(page).getByRole('heading', { name: 'shop a' }).waitFor();
  });

  it("merges a customer's events, and follows as more come", async () => {
    const sandbox = await open();
    sandbox.setSegments({ email: 'ada@example.com' }, ['vip']);
    await post(sandbox, [
      anEvent('visit', { vuid: 'v1' }),
      anEvent('stranger', { vuid: 'v2' }),
      anEvent('login', { vuid: 'v1', email: 'ada@example.com' }),
    ]);
    await rows(page).getByText('visit').click();
    await detail(page).getByRole('button', { name: 'Customer' }).click();
    const history = detail(page).locator('.history b');
    await poll(() => history.allInnerTexts()).toEqual(['login', 'visit']);
    const text = await detail(page).innerText();
    expect(text).toContain('ada@example.com');
    expect(text).toContain('vip');
    await post(sandbox, anEvent('purchase', { email: 'ada@example.com' }));
    await poll(() => history.allInnerTexts()).toEqual([
      'purchase',
      'login',
      'visit',
    ]);
  });

  it('sets a fault that senders feel, says so, and ends it', async () => {
    const sandbox = await open();
    const banner = page.locator('#banner');
    expect(await banner.isVisible()).toBe(false);
    await page.getByRole('button', { name: 'Faults', exact: true }).click();
    await page.getByRole('spinbutton', { name: 'Status' }).fill('429');
    await page.getByLabel('Retry-After').fill('9');
    await page.getByRole('button', { name: 'Turn on' }).click();
    await banner.getByText('429').waitFor();
    const reply = await post(sandbox, anEvent('a'));
    expect(reply.status).toBe(429);
    expect(reply.headers.get('retry-after')).toBe('9');
    await banner.getByText('struck 1 request').waitFor();
    await page.keyboard.press('Escape');
    await banner.getByRole('button', { name: 'End all' }).click();
    await banner.waitFor({ state: 'hidden' });
    expect((await post(sandbox, anEvent('b'))).status).toBe(202);
  });

  it('offers every fault', async () => {
    const sandbox = await open();
    const offers: [string, Record<string, string>, object][] = [
      ['latency', { 'Late by': '70' }, { latency: 70 }],
      ['hang', {}, { hang: true }],
      ['reset', {}, { reset: 'before' }],
      [
        'invalid',
        { '^Type': 'order', Field: 'data.x', value: '1', Message: 'No.' },
        {
          invalid: { type: 'order', field: 'data.x', value: '1' },
          message: 'No.',
        },
      ],
      [
        'status',
        { Status: '500', Times: '2', 'Share of requests': '25' },
        { status: 500, times: 2, share: 0.25 },
      ],
    ];
    await page.keyboard.press('f');
    const form = page.locator('#fault-form');
    const fields = form.locator('input:visible');
    for (const [kind, fill, fault] of offers) {
      await page.getByLabel('What goes wrong').selectOption(kind);
      for (const [label, value] of Object.entries(fill)) {
        await fields.and(page.getByLabel(new RegExp(label))).fill(value);
      }
      await form.getByRole('button', { name: 'Turn on' }).click();
      await page.locator('#active-faults button').waitFor();
      expect(sandbox.faults().map((one) => one.fault)).toEqual([fault]);
      await page.locator('#active-faults button').click();
      await page.getByText('None: the sandbox behaves.').waitFor();
      expect(sandbox.faults()).toEqual([]);
    }
  });

  it('says what is wrong with a fault', async () => {
    const sandbox = await open();
    await page.keyboard.press('f');
    await page.getByRole('spinbutton', { name: 'Status' }).fill('199');
    await page.getByRole('button', { name: 'Turn on' }).click();
    await page.getByRole('alert').getByText('status is not').waitFor();
    expect(sandbox.faults()).toEqual([]);
  });

  it('pauses and goes on with what came meanwhile', async () => {
    const sandbox = await open();
    await post(sandbox, anEvent('a'));
    await rows(page).first().waitFor();
    await page.keyboard.press('p');
    await page.getByText('Paused', { exact: true }).waitFor();
    await post(sandbox, [anEvent('b'), anEvent('c')]);
    await page.getByText('2 waiting').waitFor();
    expect(await listed(page)).toEqual(['a']);
    await page.getByRole('button', { name: 'Resume' }).click();
    await poll(() => listed(page)).toEqual(['c', 'b', 'a']);
  });

  it('clears what the sandbox holds, and keeps its faults', async () => {
    const sandbox = await open();
    sandbox.fail({ latency: 1 });
    await post(sandbox, anEvent('a'));
    await rows(page).first().click();
    await page.getByRole('button', { name: 'Clear' }).click();
    await page.getByText('Waiting for events').waitFor();
    expect(await detail(page).isVisible()).toBe(false);
    expect(sandbox.events()).toEqual([]);
    expect(sandbox.faults()).toHaveLength(1);
    await post(sandbox, anEvent('b'));
    await poll(() => listed(page)).toEqual(['b']);
  });

  it('lists requests with what was answered, and shows what was refused', async () => {
    const sandbox = await open({ apiKey: 'secret-key' });
    await post(sandbox, anEvent('unheard'));
    await page.getByRole('link', { name: /^Requests/ }).click();
    const row = page.locator('.request .body .row').first();
    await row.getByText('403').waitFor();
    await row.click();
    await detail(page).getByText('"message": "Forbidden"').waitFor();
    await detail(page).getByText('"action": "unheard"').waitFor();
  });

  it('is worked by keyboard alone', async () => {
    const sandbox = await open();
    await post(sandbox, [anEvent('a'), anEvent('b'), anEvent('c')]);
    await rows(page).nth(2).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    const heading = detail(page).getByRole('heading', { level: 2 });
    expect(await detail(page).isVisible()).toBe(false);
    await page.keyboard.press('Enter');
    expect(await heading.innerText()).toContain('b');
    expect(await page.evaluate('document.activeElement.id')).toBe('detail');
    await page.keyboard.press('Escape');
    expect(await detail(page).isVisible()).toBe(false);
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    await poll(() => heading.innerText()).toContain('a');
  });

  it('stays small with 10,000 events, and forgets what is older', async () => {
    const sandbox = await open({ maxEvents: 20_000 });
    for (let batch = 0; batch < 22; batch++) {
      const events = Array.from({ length: 500 }, (_, i) =>
        anEvent(`e${batch * 500 + i}`),
      );
      await post(sandbox, events);
    }
    await rows(page).getByText('e10999', { exact: true }).waitFor();
    const grid = page.getByRole('grid');
    await poll(() => grid.getAttribute('aria-rowcount')).toBe('10001');
    const nodes = () =>
      page.evaluate<number>('document.querySelectorAll("*").length');
    expect(await nodes()).toBeLessThan(1000);
    await grid.focus();
    await page.keyboard.press('End');
    await rows(page).getByText('e1000', { exact: true }).waitFor();
    expect(await nodes()).toBeLessThan(1000);
    await page.getByRole('searchbox').fill('action:e77');
    await poll(() => rows(page).count()).toBeGreaterThan(20);
    await page.getByText('100 of 10,000').waitFor();
  });

  it('says that the sandbox has gone', async () => {
    const sandbox = await open();
    await sandbox.close();
    await page.getByText('Disconnected', { exact: true }).waitFor();
    await page.getByText('The sandbox does not answer').waitFor();
    await poll(() => page.title()).toContain('Disconnected');
  });
});
