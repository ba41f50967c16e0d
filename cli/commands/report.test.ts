import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeSyntheticLedger } from '../../activities/report/testLedger.js';
import { createFolderStore } from '../../activities/store/folder.js';

const BIN = join(import.meta.dirname, '../../bin/lamdagent.mjs');

describe('lamdagent report', () => {
  let home = '';
  before(async () => {
    home = mkdtempSync(join(tmpdir(), 'lamdagent-report-'));
    await writeSyntheticLedger(createFolderStore(join(home, 'store')), { trials: 4, isRunning: true });
  });
  after(() => {
    rmSync(home, { recursive: true });
  });
  const env = () => ({ PATH: process.env['PATH'], LAMDAGENT_HOME: home, HOME: home });
  const lamdagent = (...args: readonly string[]) =>
    spawnSync(process.execPath, [BIN, ...args], { cwd: home, encoding: 'utf8', env: env() });
  const started = (...args: readonly string[]): ChildProcessWithoutNullStreams =>
    spawn(process.execPath, [BIN, ...args], { cwd: home, env: env() });

  it('writes one file and says where', () => {
    const { status, stdout } = lamdagent('report', 'synthetic');
    assert.equal(status, 0);
    assert.match(readFileSync(stdout.trim(), 'utf8'), /^<!doctype html>/);
  });

  it('serves the page until Ctrl-C, then ends with 0 although a page is open', async () => {
    const child = started('report', 'synthetic', '--serve', '--json');
    try {
      const [line] = (await once(child.stdout, 'data')) as [Buffer];
      const { url } = JSON.parse(line.toString()) as { url: string };
      const page = await fetch(url);
      assert.match(await page.text(), /still running, no result yet/);
      const events = await fetch(`${url}events`);
      child.kill('SIGINT');
      assert.deepEqual(await once(child, 'exit'), [0, null]);
      await assert.rejects(events.text());
      await assert.rejects(fetch(url));
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('says what to do when the port is taken, and refuses what makes no sense, without a stack', async () => {
    const first = started('report', 'synthetic', '--serve', '--json');
    try {
      const [line] = (await once(first.stdout, 'data')) as [Buffer];
      const { port } = new URL((JSON.parse(line.toString()) as { url: string }).url);
      for (const [args, code, reason] of [
        [['synthetic', '--serve', '--port', port], 1, /port: expected one that is free .* Leave --port out/],
        [['synthetic', '--serve', '--port', '70000'], 2, /expected a port from 0 to 65535, got 70000/],
        [['synthetic', '--serve', '--output', 'x.html'], 2, /expected --output or --serve, got both/],
        [['synthetik', '--serve'], 2, /Did you mean synthetic\?/],
      ] as const) {
        const { status, stderr } = lamdagent('report', ...args);
        assert.equal(status, code, stderr);
        assert.match(stderr, reason);
        assert.doesNotMatch(stderr, /\n\s+at /);
      }
    } finally {
      first.kill('SIGINT');
      await once(first, 'exit');
    }
  });
});
