import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const PLACES = [
  process.env['CHROMIUM_PATH'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

/** A browser to test with; `undefined` where none is installed. */
export const browserPath = PLACES.find(
  (path) => path !== undefined && existsSync(path),
);

/** Browser tests may be skipped where there is no browser, but not in CI. */
export const skipsBrowser =
  browserPath === undefined && process.env['CI'] !== 'true';

export const skipReason =
  'no Chromium found: install one, or set CHROMIUM_PATH';

export function launch(): Promise<Browser> {
  if (browserPath === undefined) {
    throw new Error(`The browser tests must run in CI, but ${skipReason}.`);
  }
  return chromium.launch({
    executablePath: browserPath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
