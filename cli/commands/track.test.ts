import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadRows } from '../../activities/ledger/read.js';
import { writeSyntheticLedger } from '../../activities/report/testLedger.js';
import { createFolderStore } from '../../activities/store/folder.js';
import { keys } from '../../activities/store/keys.js';
import { trialName } from '../../domain/trial.js';
import { readEnvironment } from '../../workers/env.js';

const ROOT = join(import.meta.dirname, '../..');
const BIN = join(ROOT, 'bin/lamdagent.mjs');

describe('lamdagent track', () => {
  let home = '';
  let isInstalled = false;
  const store = () => createFolderStore(join(home, 'store'));
  before(async () => {
    home = mkdtempSync(join(tmpdir(), 'lamdagent-track-'));
    const python = join(readEnvironment().venv, 'bin/python');
    isInstalled = spawnSync(python, ['-c', 'import tensorboard']).status === 0;
    await writeSyntheticLedger(store(), { trials: 4, isRunning: true });
  });
  after(() => {
    rmSync(home, { recursive: true });
  });
  const env = () => ({ PATH: process.env['PATH'], LAMDAGENT_HOME: home, HOME: home });
  const lamdagent = (...args: readonly string[]) =>
    spawnSync(process.execPath, [BIN, ...args], { cwd: home, encoding: 'utf8', env: env() });

  it('tells the tracker once, and follows until the exploration ends', async function () {
    if (!isInstalled) {
      console.log('      tensorboard: an extra, python-gpu/requirements-trackers.txt');
      this.skip();
    }
    const args = ['track', 'synthetic', 'runs', '--to', 'tensorboard', '--json'];
    const [first, second] = [lamdagent(...args), lamdagent(...args)].map(({ stdout, stderr, status }) => {
      assert.equal(status, 0, stderr);
      return (JSON.parse(stdout) as { added: number }).added;
    });
    assert.ok(first !== undefined && first > 200, String(first));
    assert.equal(second, 0);
    const folder = join(home, 'runs/synthetic-5e7a1d00');
    const rows = await loadRows(store(), 'synthetic-5e7a1d00');
    const names = ['exploration', ...rows.map(({ trial }) => trialName(trial))];
    assert.deepEqual(readdirSync(folder).sort(), names.sort());
    const following = spawn(process.execPath, [BIN, ...args, '--follow'], { cwd: home, env: env() });
    let said = '';
    following.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await sleep(1000);
    assert.equal(following.exitCode, null);
    const end = { state: 'stopped', reason: 'enough' };
    await store().putIfAbsent(keys.ended('synthetic-5e7a1d00'), JSON.stringify(end));
    assert.deepEqual(await once(following, 'exit'), [0, null]);
    assert.equal((JSON.parse(said) as { added: number }).added, 1); // the exploration's state
  }).timeout(240_000);

  it('says what is missing, or cannot be written to, without a stack', function () {
    const nowhere = spawnSync(process.execPath, [BIN, 'track', 'synthetic', 'runs', '--to', 'mlflow'], {
      ...{ cwd: home, encoding: 'utf8', env: { ...env(), LAMDAGENT_VENV: join(home, 'none') } },
    });
    assert.equal(nowhere.status, 1);
    assert.match(
      nowhere.stderr,
      /tracker mlflow: expected .*none\/bin\/python, got no such file\. Run `npm run setup`/,
    );
    if (!isInstalled) this.skip();
    writeFileSync(join(home, 'file'), '');
    const { status, stderr } = lamdagent('track', 'synthetic', 'file', '--to', 'tensorboard');
    assert.equal(status, 1);
    assert.match(
      stderr,
      /tracker tensorboard: expected to write to .*file, got .*Not a directory|File exists/,
    );
    assert.doesNotMatch(stderr, /\n\s+at |Traceback/);
  });

  it('refuses what it does not know, without a stack', () => {
    for (const [args, reason] of [
      [['synthetic', 'runs', '--to', 'excel'], /Allowed choices are tensorboard, wandb, mlflow/],
      [['synthetic', 'runs'], /required option '--to <tracker>' not specified/],
      [['synthetik', 'runs', '--to', 'mlflow'], /Did you mean synthetic\?/],
    ] as const) {
      const { status, stderr } = lamdagent('track', ...args);
      assert.equal(status, 2, stderr);
      assert.match(stderr, reason);
      assert.doesNotMatch(stderr, /\n\s+at /);
    }
  });
});
