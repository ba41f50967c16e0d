import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { serveReport } from '../activities/report/serve.js';
import { writeSyntheticLedger } from '../activities/report/testLedger.js';
import { recordsInMemory } from '../activities/report/testStore.js';
import type { LedgerOptions } from '../activities/report/testPlan.js';
import { writeReport } from '../activities/report/write.js';
import { keys } from '../activities/store/keys.js';
import type { Store } from '../activities/store/store.js';
import type { TrialRecord } from '../domain/trial.js';
import { accessibilityFaults, downloaded, openWatched, startBrowser, type Watched } from './browser.js';

const HOSTILE = `</script><script>window.hacked = 1</script><img src="https://example.com/x" onerror="window.hacked = 1">'"&\u0000<svg onload="window.hacked = 1">`;
const TRIALS = 40;

describe('the report in a real browser', () => {
  let browser: Browser;
  let folder = '';
  let store: Store;
  before(async () => {
    browser = await startBrowser();
    folder = await mkdtemp(join(tmpdir(), 'lamdagent-page-'));
    store = recordsInMemory(folder);
    await written({ trials: TRIALS, name: 'plain' });
    await written({ trials: 12, name: 'hostile', hostile: HOSTILE });
  });
  after(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const fileOf = (name: string): string => join(folder, `${name}.html`);
  async function written(options: LedgerOptions): Promise<void> {
    await writeSyntheticLedger(store, options);
    assert.ok(await writeReport(store, options.name ?? '', fileOf(options.name ?? '')));
  }
  async function look(
    name: string,
    use: (watched: Watched, page: Page) => Promise<void>,
    options: BrowserContextOptions = {},
  ): Promise<void> {
    const watched = await openWatched(browser, pathToFileURL(fileOf(name)).href, options);
    try {
      await use(watched, watched.page);
      assert.deepEqual(watched.complaints, []);
      assert.deepEqual([...new Set(watched.requests)], [pathToFileURL(fileOf(name)).href]);
    } finally {
      await watched.page.context().close();
    }
  }

  for (const colorScheme of ['light', 'dark'] as const)
    it(`has accessible names, structure and contrast, in ${colorScheme} mode`, async () => {
      await look(
        'plain',
        async (_, page) => {
          await page.evaluate(
            `document.querySelectorAll('details').forEach((one, i) => { one.open = i < 4; })`,
          );
          assert.deepEqual(await accessibilityFaults(page), []);
          const ground = await page.evaluate('getComputedStyle(document.body).backgroundColor');
          assert.equal(ground, colorScheme === 'dark' ? 'rgb(22, 23, 27)' : 'rgb(255, 255, 255)');
        },
        { colorScheme },
      );
    });

  it('is complete without scripts: all trials, every section, links that open a trial, files to take away', async () => {
    await look(
      'plain',
      async (_, page) => {
        assert.equal(await page.locator('#board tbody tr').count(), TRIALS + 2);
        assert.equal(await page.locator('#board-tools').isVisible(), false);
        assert.equal(await page.locator('#board button').count(), 0);
        for (const id of [
          'splits',
          'chart',
          'tradeoffs',
          'lineage',
          'timeline',
          'curves',
          'training',
          'reliability',
          'identity',
        ])
          assert.ok(await page.locator(`h2#${id}`).isVisible(), id);
        assert.equal(await page.locator('#t0007').isVisible(), false);
        await page.locator('#board a[href="#t0007"]').click();
        await page.locator('#t0007').waitFor({ state: 'visible' });
        assert.equal(await page.locator('a[download]').count(), 4);
      },
      { javaScriptEnabled: false },
    );
  });

  it('sorts by keyboard and says so', async () => {
    await look('plain', async (_, page) => {
      const column = async (n: number): Promise<readonly string[]> =>
        page.locator(`#board tbody tr:visible > :nth-child(${String(n)})`).allTextContents();
      assert.equal(await page.locator('[aria-sort]').count(), 0);
      await page.locator('#board-sort-0').focus();
      await page.keyboard.press('Enter');
      const trials = await column(1);
      assert.deepEqual(trials, [...trials].sort());
      assert.equal(await page.locator('#board th[aria-sort="ascending"]').textContent(), 'trial');
      await page.locator('#board-sort-1').focus();
      await page.keyboard.press('Space');
      const scores = (await column(2))
        .map((text) => Number.parseFloat(text))
        .filter((one) => !Number.isNaN(one));
      assert.deepEqual(
        scores,
        [...scores].sort((a, b) => b - a),
      );
      assert.ok(Number.isNaN(Number.parseFloat((await column(2)).at(-1) ?? '')), 'failed trials come last');
      assert.equal(await page.locator('[aria-sort]').count(), 1);
      assert.match(
        (await page.locator('#board-said').textContent()) ?? '',
        /^42 of 42 trials, sorted by score \[95 %\], descending$/,
      );
    });
  });

  it('filters by words, constraints and distance to the best', async () => {
    await look('plain', async (_, page) => {
      const shown = async (): Promise<number> => page.locator('#board tbody tr:visible').count();
      await page.getByLabel('Filter').fill('merge');
      const merges = await page.locator('#board tbody tr', { hasText: 'merge' }).count();
      assert.ok(merges > 0 && merges < TRIALS);
      assert.equal(await shown(), merges);
      await page.getByLabel('Filter').fill('');
      await page.getByLabel('constraints met').check();
      assert.equal(await shown(), await page.locator('#board tr[data-met="1"]').count());
      await page.getByLabel('constraints met').uncheck();
      await page.getByLabel('best and not distinguishable from it').check();
      assert.equal(await shown(), 1 + (await page.locator('#board tr[data-near="1"]').count()));
      assert.ok((await page.locator('#board small', { hasText: 'paired' }).count()) > 0);
    });
  });

  it('leads from the lineage graph to a trial by keyboard', async () => {
    await look('plain', async (_, page) => {
      const node = page.locator('.lineage a').last();
      const trial = (await node.getAttribute('href')) ?? '';
      assert.match((await node.textContent()) ?? '', /(SFT|DPO|MERGE) t\d{4}\s*\d+\.\d ± \d/);
      await node.focus();
      await page.keyboard.press('Enter');
      await page.locator(trial).waitFor({ state: 'visible' });
    });
  });

  it('keeps hostile names, reasons and messages inert', async () => {
    await look('hostile', async (_, page) => {
      await page.evaluate(`document.querySelectorAll('details').forEach((one) => { one.open = true; })`);
      assert.equal(await page.evaluate('window.hacked'), undefined);
      assert.equal(await page.locator('img, iframe, object, embed, [onerror], [onload]').count(), 0);
      assert.equal(await page.locator('script').count(), 1);
      assert.ok((await page.getByText('<script>window.hacked = 1</script>').count()) > 0);
      await page.getByLabel('Filter').fill('<script>');
      assert.ok((await page.locator('#board tbody tr:visible').count()) > 0);
    });
  });

  it('gives its data as JSON and CSV that hold what the page shows', async () => {
    await look('plain', async (_, page) => {
      const json = JSON.parse(await downloaded(page, '.json')) as {
        leaderboard: { rows: object[] };
        plan: { seed: string };
      };
      assert.deepEqual([json.leaderboard.rows.length, json.plan.seed], [TRIALS + 2, '1']);
      const csv = (await downloaded(page, '-trials.csv')).trim().split('\r\n');
      assert.equal(csv.length, TRIALS + 3);
      assert.match(
        csv[0] ?? '',
        /^trial,status,origin,action,models,datasets,fidelity,score,low,high,differenceToBest/,
      );
      const attempts = (await downloaded(page, '-attempts.csv')).trim().split('\r\n');
      assert.ok(attempts.length > TRIALS);
      const curves = (await downloaded(page, '-curves.csv')).trim().split('\r\n');
      assert.equal(
        curves[0],
        'training,step,loss,learningRate,gradNorm,tokens,rewardMargin,rewardAccuracy,reward',
      );
      assert.match(curves[1] ?? '', /^t\d{4} (sft|dpo),1,\d+\.\d+,/);
    });
  });

  it('prints on white without what only a screen can use, and fits its width', async () => {
    await look(
      'plain',
      async (_, page) => {
        await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
        assert.equal(
          await page.evaluate('getComputedStyle(document.body).backgroundColor'),
          'rgb(255, 255, 255)',
        );
        for (const hidden of ['nav', '#board-tools'])
          assert.equal(await page.locator(hidden).isVisible(), false, hidden);
        const pdf = await page.pdf({ format: 'A4' });
        assert.equal(pdf.subarray(0, 5).toString(), '%PDF-');
        const pages = pdf.toString('latin1').match(/\/Type\s*\/Page\b/g)?.length ?? 0;
        assert.ok(pages >= 3 && pages <= 25, `pages: expected 3 to 25, got ${String(pages)}`);
      },
      { colorScheme: 'dark' },
    );
  });

  it('needs no more room than a narrow screen has', async () => {
    await look(
      'plain',
      async (_, page) => {
        const [inner, outer] = (await page.evaluate(
          '[document.documentElement.scrollWidth, document.documentElement.clientWidth]',
        )) as [number, number];
        assert.ok(inner <= outer, `width: expected at most ${String(outer)}, got ${String(inner)}`);
      },
      { viewport: { width: 390, height: 800 } },
    );
  });

  it('follows a running exploration: new trials appear, what was open, sorted and filtered stays so', async () => {
    await writeSyntheticLedger(store, { trials: 8, name: 'live', isRunning: true });
    const server = await serveReport(store, 'live', { port: 0, lookEveryMs: 100 });
    const { page, complaints, requests } = await openWatched(browser, server.url);
    try {
      await page.getByText('Live: this page follows the exploration.').waitFor();
      assert.equal(await page.locator('#board tbody tr').count(), 7);
      await page.locator('summary', { hasText: /^t0002 / }).click();
      await page.getByLabel('Filter').fill('sft');
      const before = await page.locator('#board tbody tr:visible').count();
      await appended(store, 'live-5e7a1d00');
      await page.getByText(/Live\. Last change seen at/).waitFor();
      assert.equal(await page.locator('#board tbody tr').count(), 8);
      assert.equal(await page.locator('#board tbody tr:visible').count(), before + 1);
      assert.equal(await page.getByLabel('Filter').inputValue(), 'sft');
      assert.ok(await page.locator('#t0002').isVisible());
      assert.ok(await page.evaluate(`document.activeElement.id === 'board-text'`));
      assert.deepEqual(complaints, []);
      assert.ok(
        requests.every((url) => url.startsWith(server.url)),
        requests.join(' '),
      );
    } finally {
      await page.context().close();
      await server.close();
    }
  });
});

/** One more row in the ledger, as a trial that ends writes it. */
async function appended(store: Store, explorationId: string): Promise<void> {
  const listed = await store.list(keys.rows(explorationId));
  const last = JSON.parse((await store.read(listed.at(-1) ?? '')) ?? 'null') as TrialRecord;
  const row: TrialRecord = {
    ...last,
    sequence: listed.length,
    stageId: 'f'.repeat(64),
    trial: 99,
    label: 'sft, one more',
    status: 'diverged',
    score: null,
  };
  await store.putIfAbsent(
    keys.row(explorationId, row.sequence),
    JSON.stringify({ ...row, action: { kind: 'sft', models: [], datasets: [], parameters: {} } }),
  );
}
