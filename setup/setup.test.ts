import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const here = import.meta.dirname;

/** What `findPython` says when PATH holds only the given programs. */
function pythonOf(programs: Readonly<Record<string, string>>, env: Readonly<Record<string, string>> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'lamdagent-path-'));
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  const code = `import { findPython } from ${JSON.stringify(join(here, 'python.mjs'))};
    findPython({ PATH: ${JSON.stringify(folder)}, ...${JSON.stringify(env)} }).then(console.log, (e) => console.log('FAULT ' + e.message));`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' });
  rmSync(folder, { recursive: true });
  return stdout.trim();
}

describe('the set-up', () => {
  it('names the fix when there is no Python', () => {
    assert.match(pythonOf({}), /^FAULT Python: expected 3\.10 or newer on PATH, got .*not found.*Install it/);
  });

  it('passes by a Python that is too old', () => {
    assert.match(pythonOf({ python3: 'echo 3.9' }), /^FAULT .*python3: 3\.9/);
    assert.equal(pythonOf({ python3: 'echo 3.9', 'python3.12': 'echo 3.12' }), 'python3.12');
  });

  it('takes the Python that PYTHON names, and no other', () => {
    assert.equal(pythonOf({ python3: 'echo 3.12', mine: 'echo 3.11' }, { PYTHON: 'mine' }), 'mine');
    assert.match(pythonOf({ python3: 'echo 3.12' }, { PYTHON: 'mine' }), /^FAULT .*as \$PYTHON names it/);
  });

  it('does nothing when nothing is missing', () => {
    const begun = performance.now();
    const { status, stderr } = spawnSync(process.execPath, [join(here, 'setup.mjs'), '--dev'], {
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
    assert.match(stderr, /^\s*\d+\.\d s {2}ready\n$/);
    assert.ok(performance.now() - begun < 5000);
  });
});
