import axe from 'axe-core';
import type { OdpSandbox } from 'nestjs-optimizely-odp/sandbox';
import { OdpSandbox as Sandbox } from 'nestjs-optimizely-odp/sandbox';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { launch, skipsBrowser } from './browser.js';
import { anEvent, post, request, sandboxes } from './support.js';

const poll = <T>(look: () => T) => expect.poll(look, { timeout: 10_000 });

const rows = (page: Page) => page.locator('.event .body .row');
const detail = (page: Page) => page.locator('#detail');
const listed = (page: Page) => rows(page).locator('b').allInnerTexts();
const filterOf = (page: Page) => page.getByRole('searchbox');

/** What axe finds wrong, in words. */
async function complaints(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const found = await page.evaluate<axe.AxeResults>('axe.run(document)');
  return found.violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`,
  );
}

describe.skipIf(skipsBrowser)("the page's states", () => {
  const start = sandboxes();
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    browser = await launch();
    page = await browser.newPage({
      viewport: { width: 1280, height: 720 },
      timezoneId: 'Europe/Berlin',
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    page.setDefaultTimeout(10_000);
  });
  afterEach(() => page.goto('about:blank'));
  afterAll(() => browser?.close());

  async function open(sandbox?: OdpSandbox): Promise<OdpSandbox> {
    const opened = sandbox ?? (await start());
    await page.goto(opened.url);
    await page.getByText('Live', { exact: true }).waitFor();
    return opened;
  }

  const copied = () => page.evaluate<string>('navigator.clipboard.readText()');

  it('keeps view, filter and selection over a reload, and goes Back', async () => {
    const sandbox = await open();
    await post(sandbox, [anEvent('a'), anEvent('b')]);
    await rows(page).getByText('a', { exact: true }).click();
    await page.keyboard.press('c');
    await detail(page).getByText('History').waitFor();
    await filterOf(page).fill('action:a');
    await poll(() => listed(page)).toEqual(['a']);
    await page.reload();
    await poll(() => listed(page)).toEqual(['a']);
    await detail(page).getByText('History').waitFor();
    expect(await rows(page).first().getAttribute('aria-selected')).toBe('true');
    await page.getByRole('link', { name: /^Requests/ }).click();
    await page.locator('.request .body .row').first().click();
    await detail(page).getByText('Request 1').waitFor();
    await page.reload();
    await detail(page).getByText('Request 1').waitFor();
    await page.goBack();
    await page.goBack();
    await detail(page).getByText('History').waitFor();
    await page.goBack();
    await poll(() => listed(page)).toEqual(['b', 'a']);
    await page.goBack();
    await detail(page).getByText('Arrival').waitFor();
  });

  it('finds paths, exact values, numbers, and text however long', async () => {
    const sandbox = await open();
    await post(sandbox, [
      anEvent('nine', undefined, { n: 9, order: { items: [{ id: 'x' }] } }),
      anEvent('ninety', { email: 'ada' }, { n: 90 }),
      anEvent('long', undefined, { text: `${'-'.repeat(9000)}needle` }),
      anEvent('two words', { email: 'ada@example.org' }),
    ]);
    await rows(page).nth(3).waitFor();
    for (const [filter, found] of [
      ['data.n:9', ['nine']],
      ['n=90', ['ninety']],
      ['email=ada', ['ninety']],
      ['email:example.org', ['two words']],
      ['needle', ['long']],
      ['"two words"', ['two words']],
      ['order.items.id:x', ['nine']],
      ['n:', ['ninety', 'nine']],
      ['-n: -needle', ['two words']],
      ['#3', ['long']],
    ] as const) {
      await filterOf(page).fill(filter);
      await poll(() => listed(page)).toEqual(found);
    }
    await filterOf(page).fill('email:ada colour:red');
    await page.getByText('No event matches').waitFor();
    await poll(() => page.locator('.terms li').allInnerTexts()).toEqual([
      expect.stringMatching(/^email contains “ada”\s+4$/),
      expect.stringMatching(/^colour contains “red”\s+none$/),
    ]);
    await page.getByRole('button', { name: 'Clear filter' }).click();
    await poll(() => rows(page).count()).toBe(4);
  });

  it('explains the filter of each view', async () => {
    const sandbox = await open();
    await post(sandbox, anEvent('a'));
    await post(sandbox, '{');
    await page.getByRole('link', { name: /^Requests/ }).click();
    expect(await filterOf(page).getAttribute('placeholder')).toContain(
      'status:',
    );
    await page.getByRole('button', { name: /filter understands/ }).click();
    await page.getByRole('button', { name: 'refused', exact: true }).click();
    await poll(() => page.locator('.request .body .row').count()).toBe(1);
  });

  it('names the most telling identifier first, long ones cut in the middle', async () => {
    const sandbox = await open();
    const vuid = '3f3c0b27d1e84a6c9d2f3f3c0b27d1e8';
    await post(sandbox, [
      anEvent('a', { vuid, email: 'ada@example.com' }),
      anEvent('b', { vuid }),
    ]);
    const who = (index: number) => rows(page).nth(index).locator('.who');
    await poll(() => who(1).innerText()).toMatch(/^email\s+ada@example.com/);
    expect(await who(0).innerText()).toMatch(/^vuid\s+3f3c\w+…\w+d1e8$/);
    await page.setViewportSize({ width: 400, height: 700 });
    await poll(() => who(1).isVisible()).toBe(true);
    expect(await rows(page).first().locator('time').isVisible()).toBe(true);
    await page.setViewportSize({ width: 1280, height: 720 });
  });

  it('shows times by one clock: local in full, UTC on hover', async () => {
    const sandbox = await open();
    await post(sandbox, anEvent('a', undefined, { ts: 1_764_000_000 }));
    await rows(page).first().click();
    const ts = detail(page).locator('dt', { hasText: 'ts' }).locator('+ dd');
    const time = ts.locator('time');
    expect(await time.innerText()).toBe('2025-11-24 17:00:00 +01:00');
    expect(await time.getAttribute('title')).toBe(
      '2025-11-24 16:00:00.000 UTC',
    );
    const [received] = sandbox.events();
    const receipt = detail(page)
      .getByText(/^\d{4}-.*\+0[12]:00$/)
      .last();
    expect(await receipt.getAttribute('datetime')).toBe(
      received!.receivedAt.toISOString(),
    );
  });

  it('copies JSON, ids, a curl command that works, and how to point an app here', async () => {
    const sandbox = await open();
    await page.getByRole('button', { name: 'Copy the options' }).click();
    await poll(copied).toContain(`apiHost: '${sandbox.url}'`);
    await page.getByRole('button', { name: /environment/ }).click();
    await poll(copied).toContain(`OPTIMIZELY_ODP_API_HOST=${sandbox.url}`);
    const event = anEvent('a', { email: "o'ada@example.com" });
    await post(sandbox, event);
    await rows(page).first().click();
    await detail(page).getByRole('button', { name: 'Copy JSON' }).click();
    await poll(async () => JSON.parse(await copied()) as unknown).toEqual(
      event,
    );
    await detail(page).getByRole('button', { name: 'Copy email' }).click();
    await poll(copied).toBe("o'ada@example.com");
    await detail(page).getByRole('button', { name: 'Copy as curl' }).click();
    await poll(copied).toContain(`curl '${sandbox.url}/v3/events'`);
    expect(await copied()).toContain(String.raw`o'\''ada@example.com`);
  });

  it('counts in the title, and undoes a clear', async () => {
    const sandbox = await open();
    await post(sandbox, [anEvent('a'), anEvent('b')]);
    await poll(() => page.title()).toContain('(2)');
    await page.getByRole('button', { name: 'Clear' }).click();
    await page.getByText('Cleared 2 events and 1 request.').waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await poll(() => listed(page)).toEqual(['b', 'a']);
    await page.getByText('Cleared').waitFor({ state: 'hidden' });
  });

  it('says what a restart means, and that an action failed', async () => {
    const first = await open(await Sandbox.start());
    await post(first, anEvent('a'));
    await rows(page).first().waitFor();
    await first.close();
    await page.getByText(/^Disconnected at/).waitFor();
    await page.getByRole('button', { name: 'Clear' }).click();
    await page.getByText('Could not clear.').waitFor();
    await start({ port: Number(new URL(first.url).port) });
    await page.getByRole('button', { name: 'Try now' }).click();
    await page.getByText('The sandbox was restarted').waitFor();
    await page.getByText(/nothing has come in since/).waitFor();
    expect(await page.getByText(/^Disconnected/).count()).toBe(0);
  });

  it('leads to the requests if every event was refused', async () => {
    const sandbox = await open();
    await post(sandbox, { action: 'a' });
    await page.getByText('No event was accepted').waitFor();
    await page.getByRole('button', { name: 'Show requests' }).click();
    await page.locator('.request .body .row').first().waitFor();
  });

  it('heads a refused request by its refusal, not by a fault', async () => {
    const sandbox = await open(await start({ apiKey: 'secret' }));
    sandbox.fail({ latency: 1 });
    await post(sandbox, anEvent('a'));
    await page.getByRole('link', { name: /^Requests/ }).click();
    const row = page.locator('.request .body .row').first();
    expect(await row.locator('.why').innerText()).toBe('Forbidden');
    await row.click();
    const notes = detail(page).locator('.note');
    await poll(() => notes.first().innerText()).toContain(
      'It came without an x-api-key',
    );
    expect(await notes.nth(1).innerText()).toContain('1 ms late');
  });

  it('shows which integration the datafile names, and changes it', async () => {
    const sandbox = await open();
    await page.getByRole('button', { name: 'Datafile' }).click();
    const dialog = page.locator('#datafile');
    await dialog.getByText(sandbox.url, { exact: true }).first().waitFor();
    await dialog.getByRole('button', { name: 'Switch ODP off' }).click();
    await dialog.getByText('It names no ODP integration').waitFor();
    expect(sandbox.integration()).toBeNull();
    await dialog.getByLabel('Key', { exact: true }).fill('other');
    await dialog.getByRole('button', { name: 'Set' }).click();
    await dialog.getByText('Without both publicKey and host').waitFor();
    await dialog.getByRole('button', { name: 'Back to this sandbox' }).click();
    await dialog.getByText(sandbox.url, { exact: true }).first().waitFor();
    await dialog.getByLabel('New key').fill('rotated');
    await dialog.getByRole('button', { name: 'Rotate' }).click();
    await dialog.getByText('rotated').first().waitFor();
    expect((await post(sandbox, anEvent('a'))).status).toBe(403);
  });

  it("shows and changes a customer's segments", async () => {
    const sandbox = await open();
    sandbox.defineSegment({ name: 'vip', when: { action: 'a' } });
    await post(sandbox, anEvent('a'));
    await rows(page).first().click();
    await page.keyboard.press('c');
    const vip = detail(page).getByRole('switch', { name: 'vip' });
    const state = () => vip.getAttribute('aria-checked');
    await poll(state).toBe('true');
    await vip.click();
    await poll(state).toBe('false');
    const ada = { email: 'ada@example.com' };
    expect(sandbox.customer(ada)?.segments).toEqual({ vip: 'not_qualified' });
    await detail(page)
      .getByRole('button', { name: /Leave vip/ })
      .click();
    await poll(state).toBe('true');
    await detail(page).getByLabel('Another segment').fill('staff');
    await detail(page).getByRole('button', { name: 'Qualify' }).click();
    await detail(page).getByRole('switch', { name: 'staff' }).waitFor();
    expect(sandbox.customer(ada)?.pinned).toEqual({ staff: 'qualified' });
  });

  const looks: [string, BrowserContextOptions][] = [
    ['in light', {}],
    ['in dark', { colorScheme: 'dark' }],
    ['on a phone', { viewport: { width: 400, height: 760 } }],
    ['in forced colours', { forcedColors: 'active' }],
  ];
  it.each(looks)('has nothing that axe finds wrong %s', async (_, look) => {
    const sandbox = await start();
    const other = await browser.newPage(look);
    try {
      const at = async (hash: string, seen: string) => {
        await other.goto(`${sandbox.url}/#${hash}`);
        await other.getByText(seen).first().waitFor();
        expect(await complaints(other)).toEqual([]);
      };
      await at('', 'Waiting for events');
      const types = ['order', 'product', 'account', 'pageview', 'a', 'b', 'c'];
      await post(
        sandbox,
        types.map((type) => ({
          ...anEvent('act', undefined, { n: 1, idempotence_id: 'x' }),
          type,
        })),
      );
      await post(sandbox, { action: 'refused' });
      sandbox.fail({ latency: 1 });
      sandbox.defineSegment({ name: 'vip', when: { action: 'act' } });
      await at('', 'act');
      await at('event=2', 'Arrival');
      await at('event=2&show=customer', 'History');
      await at('view=requests&request=2', 'missing');
      await at('filter=nowhere', 'No event matches');
      await other.keyboard.press('?');
      expect(await complaints(other)).toEqual([]);
      await other.keyboard.press('Escape');
      await other.locator('#open-faults').click();
      expect(await complaints(other)).toEqual([]);
      await other.keyboard.press('Escape');
      await other.locator('#open-datafile').click();
      expect(await complaints(other)).toEqual([]);
      await other.keyboard.press('Escape');
      await request(sandbox, '/_sandbox/clear', { body: {} });
      await at('', 'Cleared');
      await sandbox.close();
      await other.getByText('does not answer').first().waitFor();
      expect(await complaints(other)).toEqual([]);
    } finally {
      await other.close();
    }
  });
});
