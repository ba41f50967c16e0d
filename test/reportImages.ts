// Draws the pictures of docs/report.md: `npx tsx test/reportImages.ts`. The ledger is synthetic, and says so.
import { mkdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { writeSyntheticLedger } from '../activities/report/testLedger.js';
import { recordsInMemory } from '../activities/report/testStore.js';
import { writeReport } from '../activities/report/write.js';
import { openWatched, startBrowser } from './browser.js';

const IMAGES = join(import.meta.dirname, '../docs/images');
const WIDTH = 1240;
/** File, first section, and height in pixels. */
const SHOTS = [
  ['report-result', 'headline', 900],
  ['report-charts', 'chart', 860],
  ['report-leaderboard', 'leaderboard', 620],
  ['report-lineage', 'lineage', 760],
  ['report-timeline', 'timeline', 620],
  ['report-curves', 'curves', 560],
] as const;

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'lamdagent-images-'));
  const browser = await startBrowser();
  try {
    const store = recordsInMemory(folder);
    await writeSyntheticLedger(store, { trials: 60, name: 'synthetic' });
    const file = join(folder, 'report.html');
    await writeReport(store, 'synthetic', file);
    const { page } = await openWatched(browser, pathToFileURL(file).href, {
      viewport: { width: WIDTH, height: 900 },
    });
    mkdirSync(IMAGES, { recursive: true });
    for (const shot of SHOTS) await draw(page, shot);
  } finally {
    await browser.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function draw(page: Page, [name, section, height]: (typeof SHOTS)[number]): Promise<void> {
  const heading = await page.locator(`#${section}`).boundingBox();
  const scrolled = Number(await page.evaluate('window.scrollY'));
  await page.evaluate(`document.querySelector('nav').style.position = 'static'`);
  const top = Math.max(0, (heading?.y ?? 0) + scrolled - 20);
  await page.screenshot({
    path: join(IMAGES, `${name}.png`),
    fullPage: true,
    clip: { x: 0, y: section === 'headline' ? 0 : top, width: WIDTH, height },
  });
}

await main();
