import assert from 'node:assert/strict';
import { join } from 'node:path';
import { withFolder } from '../test/harness.js';
import { diskFindings } from './diskDoctor.js';
import { readEnvironment } from './env.js';
import { answers, isAtLeast, programFindings } from './programDoctor.js';

describe('the doctor looks at programs, versions and disks', () => {
  it('and compares versions by their numbers', () => {
    assert.ok(isAtLeast('20.19.0', '20.19'));
    assert.ok(isAtLeast('22.1.0', '20.19'));
    assert.ok(isAtLeast('3.10.0rc1', '3.10'));
    assert.ok(!isAtLeast('20.9.1', '20.19'));
    assert.ok(!isAtLeast('3.9.18', '3.10'));
    assert.ok(!isAtLeast('unknown', '3.10'));
  });

  it('and says what a program says last, or why it fails', async () => {
    const told = await answers('x', '/bin/sh', ['-c', 'echo one; echo two'], 'Mend it.');
    assert.deepEqual(told, { check: 'x', ok: true, found: 'two', fix: 'Mend it.' });
    const failed = await answers('x', '/no/such/program', [], 'Mend it.');
    assert.equal(failed.ok, false);
    assert.match(failed.found, /ENOENT/);
  });

  it('and finds each missing part of an installation, with what to do', async () => {
    await withFolder(async (folder) => {
      const env = {
        ...readEnvironment({ LAMDAGENT_VENV: join(folder, 'venv'), PATH: folder }),
        root: folder,
      };
      const findings = await programFindings(env);
      const faults = findings.filter(({ ok }) => !ok);
      assert.deepEqual(
        faults.map(({ check }) => check),
        [
          'build',
          'Python environment',
          'GPU worker',
          'training libraries',
          'Temporal SDKs',
          'Temporal program',
        ],
      );
      for (const { fix } of faults) assert.match(fix, /npm run (setup|build)/);
      assert.equal(findings[0]?.found, process.versions.node);
    });
  });

  it('and says how much room the home has; store and cache on the same disk are not told twice', async () => {
    await withFolder(async (folder) => {
      const home = join(folder, 'deep', 'home');
      const findings = await diskFindings(readEnvironment({ LAMDAGENT_HOME: home }));
      assert.deepEqual(
        findings.map(({ check }) => check),
        ['LAMDAGENT_HOME'],
      );
      assert.match(findings[0]?.found ?? '', /home, \d+(\.\d)? [KMGT]?B free$/);
      const faulty = await diskFindings(
        readEnvironment({ LAMDAGENT_HOME: join(import.meta.filename, 'home') }),
      );
      assert.equal(faulty[0]?.ok, false);
      assert.match(faulty[0]?.fix ?? '', /Set LAMDAGENT_HOME/);
    });
  });
});
