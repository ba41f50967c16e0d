import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { createFolderStore } from '../activities/store/folder.js';
import { writeSyntheticLedger } from '../activities/report/testLedger.js';
import { downloaded, openWatched, startBrowser } from './browser.js';

const TRIALS = 1000;
const NAME = 'big';
const TRIES = 5;
const root = join(import.meta.dirname, '..');

/** What a command said, and how long its whole process took: by the clock, and of the processor. */
interface Timed {
  readonly stdout: string;
  readonly wallMs: number;
  readonly cpuMs: number;
}

describe('a ledger of 1,000 trials', () => {
  const home = mkdtempSync(join(tmpdir(), 'lamdagent-big-'));
  const cpuFile = join(home, 'cpu');
  const meter = join(home, 'meter.mjs');
  before(async function () {
    this.timeout(400_000);
    await writeSyntheticLedger(createFolderStore(join(home, 'store')), { trials: TRIALS, name: NAME });
    writeFileSync(
      meter,
      `import { writeFileSync } from 'node:fs';
process.on('exit', () => {
  const { user, system } = process.cpuUsage();
  writeFileSync(${JSON.stringify(cpuFile)}, String((user + system) / 1000));
});`,
    );
  });
  after(() => {
    rmSync(home, { recursive: true, force: true });
  });

  function lamdagent(...args: readonly string[]): Timed {
    const began = performance.now();
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--import', pathToFileURL(meter).href, join(root, 'bin/lamdagent.mjs'), ...args],
      {
        cwd: home,
        encoding: 'utf8',
        maxBuffer: 2 ** 28,
        env: { PATH: process.env['PATH'], LAMDAGENT_HOME: home, HOME: home },
      },
    );
    const wallMs = performance.now() - began;
    assert.equal(status, 0, stderr);
    return { stdout, wallMs, cpuMs: Number(readFileSync(cpuFile, 'utf8')) };
  }

  /**
   * The best of some tries, by the clock. Where others use the machine (the clock shows far more than the processor), the
   * processor's time counts: the commands wait for nothing.
   */
  function took(...args: readonly string[]): number {
    const runs = Array.from({ length: TRIES }, () => lamdagent(...args));
    const best = runs.reduce((one, other) => (other.wallMs < one.wallMs ? other : one));
    const isBusy = best.wallMs > 1.5 * best.cpuMs;
    return isBusy ? Math.min(...runs.map(({ cpuMs }) => cpuMs)) : best.wallMs;
  }

  for (const command of ['status', 'leaderboard'] as const)
    it(`is read by \`${command}\` within 1 s, from the start of the process to its end`, () => {
      const ms = took(command, NAME);
      assert.ok(ms <= 1000, `${command}: expected at most 1000 ms, got ${ms.toFixed(0)}`);
    }).timeout(200_000);

  it('is read by every other reading command within 2 s', () => {
    for (const args of [['list'], ['show', NAME, 't0500'], ['attempts', NAME], ['audit', NAME]] as const) {
      const ms = took(...args);
      assert.ok(ms <= 2000, `${args.join(' ')}: expected at most 2000 ms, got ${ms.toFixed(0)}`);
    }
  }).timeout(400_000);

  it('is written whole into a pipe that is read slowly, and no further than it is read', () => {
    const shell = (line: string) =>
      spawnSync(
        'sh',
        ['-c', line.replace('lamdagent', `'${process.execPath}' '${join(root, 'bin/lamdagent.mjs')}'`)],
        {
          encoding: 'utf8',
          env: { PATH: process.env['PATH'], LAMDAGENT_HOME: home, HOME: home },
        },
      );
    const slow = shell(`lamdagent leaderboard ${NAME} --json | (sleep 2; wc -c)`);
    assert.equal(Number(slow.stdout), lamdagent('leaderboard', NAME, '--json').stdout.length);
    const cut = shell(`lamdagent attempts ${NAME} | head -n 1`);
    assert.match(cut.stdout, /^trial +stage/);
    assert.equal(cut.stderr, '');
  });

  it('is whole: every trial has its row, and the audit finds nothing', () => {
    const board = JSON.parse(lamdagent('leaderboard', NAME, '--json').stdout) as { rows: readonly object[] };
    assert.equal(board.rows.length, TRIALS + 2);
    const books = JSON.parse(lamdagent('audit', NAME, '--json').stdout) as {
      checked: { rows: number; decisions: number };
      findings: readonly object[];
    };
    assert.deepEqual(books.findings, []);
    assert.deepEqual([books.checked.rows, books.checked.decisions], [TRIALS + 2, TRIALS]);
  });

  describe('as a report', () => {
    const file = join(home, 'reports', `${NAME}.html`);
    let browser: Browser;
    before(async () => {
      lamdagent('report', NAME);
      browser = await startBrowser();
    });
    after(async () => {
      await browser?.close();
    });

    it('is one file of at most 10 MB', () => {
      const { size } = statSync(file);
      assert.ok(size <= 10e6, `size: expected at most 10 MB, got ${String(size)} bytes`);
    });

    it('opens in less than 3 s in a browser, the median of five times, with every trial in it', async () => {
      const { page, complaints, requests } = await openWatched(browser, pathToFileURL(file).href);
      const opened = async (): Promise<number> => {
        await page.goto(pathToFileURL(file).href, { waitUntil: 'load' });
        return (await page.evaluate(`performance.getEntriesByType('navigation')[0].loadEventEnd`)) as number;
      };
      const medians: number[] = [];
      // A second round, since something else may use the machine.
      while (medians.length < 2 && !medians.some((ms) => ms < 3000)) {
        const times: number[] = [];
        for (let tries = 0; tries < TRIES; tries += 1) times.push(await opened());
        medians.push(times.sort((a, b) => a - b)[Math.floor(TRIES / 2)] ?? Infinity);
      }
      assert.ok(
        Math.min(...medians) < 3000,
        `opening: expected a median below 3 s, got ${medians.map((ms) => ms.toFixed(0)).join(', ')} ms`,
      );
      assert.equal(await page.locator('#board tbody tr').count(), TRIALS + 2);
      const json = JSON.parse(await downloaded(page, '.json')) as { leaderboard: { rows: object[] } };
      assert.equal(json.leaderboard.rows.length, TRIALS + 2);
      assert.deepEqual(complaints, []);
      assert.deepEqual([...new Set(requests)], [pathToFileURL(file).href]);
      await page.context().close();
    }).timeout(240_000);
  });
});
