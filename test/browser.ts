import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';

/** What a page did that it should not have done. */
export interface Watched {
  readonly page: Page;
  /** Console errors and warnings, uncaught exceptions, refused content. */
  readonly complaints: readonly string[];
  /** Addresses that were asked for, data: ones left out. */
  readonly requests: readonly string[];
}

async function browserFinder(): Promise<() => string> {
  const file = join(import.meta.dirname, '../setup/browser.mjs');
  const { findBrowser } = (await import(file)) as { findBrowser(): string };
  return findBrowser;
}

/** Why there is no browser, and what to install; null: there is one. */
export async function missingBrowser(): Promise<string | null> {
  const findBrowser = await browserFinder();
  try {
    findBrowser();
    return null;
  } catch (fault) {
    return fault instanceof Error ? fault.message : String(fault);
  }
}

/** A real Chromium, found as the set-up finds it; the fault says what to install. */
export async function startBrowser(): Promise<Browser> {
  const findBrowser = await browserFinder();
  const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking'];
  return chromium.launch({ executablePath: findBrowser(), args });
}

/** A page of a browser without a past, that is listened to from its first request on. */
export async function openWatched(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Watched> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const [complaints, requests]: [string[], string[]] = [[], []];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith('data:')) requests.push(request.url());
  });
  await page.goto(url);
  return { page, complaints, requests };
}

/** What axe-core finds wrong by WCAG 2.1 A and AA and by best practice: rule, element and reason, a line each. */
export async function accessibilityFaults(page: Page): Promise<readonly string[]> {
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  // Not as an element of the page: its policy would refuse that, as it should.
  await page.evaluate(axe);
  const found = await page.evaluate(
    `axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] }).then(({ violations }) =>
      violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => id + ' ' + target.join(' ') + ': ' + failureSummary)))`,
  );
  return found as readonly string[];
}

/** The file that a click on the link gives. */
export async function downloaded(page: Page, ending: string): Promise<string> {
  const waiting = page.waitForEvent('download');
  await page.locator(`a[download$="${ending}"]`).click();
  return readFileSync(await (await waiting).path(), 'utf8');
}
