// Takes the pictures of docs/web-ui.md: `npx tsx test/webUiImages.ts`. Server and Web UI are real, models and scores are not.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { openWatched, startBrowser } from './browser.js';
import { FAILED, NAME, RUNNING, startWebUiWorld, type WebUiWorld } from './webUiWorld.js';

const IMAGES = join(import.meta.dirname, '../docs/images');
const SEEN_MS = 120_000;
const SIZE = { width: 1320, height: 900 };
/** Without the Web UI's own menu. */
const CLIP = { x: 256, y: 60, width: 1064, height: 800 };

interface Shot {
  readonly name: string;
  readonly url: (world: WebUiWorld) => Promise<string>;
  /** What is waited for. */
  readonly until: (page: Page) => Promise<void>;
}

const text = (page: Page, words: string | RegExp): Promise<void> => page.getByText(words).first().waitFor();
const details = (page: Page, words: string | RegExp): Promise<void> =>
  page.frameLocator('#user-metadata-current-details').locator('body').filter({ hasText: words }).waitFor();

const SHOTS: readonly Shot[] = [
  {
    name: 'web-ui-list',
    url: (world) => Promise.resolve(world.listUrl(`ExplorationName="${NAME}"`)),
    until: (page) => text(page, `explore/${NAME}/t0000`),
  },
  {
    name: 'web-ui-exploration',
    url: (world) => world.pageUrl(world.handle.workflowId, 'user-metadata'),
    until: (page) => details(page, 'running t0006'),
  },
  {
    name: 'web-ui-timeline',
    url: (world) => world.pageUrl(world.handle.workflowId, 'timeline'),
    until: (page) => text(page, /decide t0006/),
  },
  {
    name: 'web-ui-failed-trial',
    url: (world) => world.pageUrl(world.trialId(FAILED), 'user-metadata'),
    until: (page) => details(page, 'What to do'),
  },
  {
    name: 'web-ui-pending-activity',
    url: (world) => world.pageUrl(world.trialId(RUNNING), 'pending-activities'),
    until: (page) => text(page, /tokensPerS/),
  },
];

async function main(): Promise<void> {
  const browser = await startBrowser();
  const world = await startWebUiWorld();
  try {
    mkdirSync(IMAGES, { recursive: true });
    for (const { name, url, until } of SHOTS) {
      const { page } = await openWatched(browser, await url(world), { viewport: SIZE });
      page.setDefaultTimeout(SEEN_MS);
      await until(page);
      await page.waitForTimeout(1000); // frames take their height a moment after their text
      await page.screenshot({ path: join(IMAGES, `${name}.png`), clip: CLIP });
      await page.context().close();
    }
  } finally {
    await browser.close();
    await world.close();
  }
}

await main();
process.exit(0);
