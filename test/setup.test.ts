import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const here = join(import.meta.dirname, '../setup');
/** Plain Node, without types: what the tests use is said here. */
const load = async <T>(file: string): Promise<T> => (await import(join(here, file))) as T;
interface Stamps {
  stampOf(values: readonly string[], files: readonly string[]): string;
  isStamped(file: string, stamp: string): boolean;
  writeStamp(file: string, stamp: string): void;
}
interface Browsers {
  findBrowser(env: Readonly<Record<string, string>>): string;
}
interface Counts {
  readJunit(text: string): { passed: number; failed: number; skipped: number; names: string[] };
}

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
  it('names the fix when there is no browser to test in', async () => {
    const { findBrowser } = await load<Browsers>('browser.mjs');
    assert.throws(
      () => findBrowser({ CHROMIUM: '/nowhere/chromium' }),
      /^Error: Chromium: expected a browser as \$CHROMIUM names it, got \/nowhere\/chromium: not found\. Install it/,
    );
    if (process.platform !== 'darwin')
      assert.throws(
        () => findBrowser({ PATH: '/nowhere' }),
        /on PATH, got none of chromium, .*sudo apt install chromium/,
      );
    assert.equal(findBrowser({ CHROMIUM: process.execPath }), process.execPath);
  });

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

  it('does a step again when a file or a value changed, and not otherwise', async () => {
    const { isStamped, stampOf, writeStamp } = await load<Stamps>('stamp.mjs');
    const folder = mkdtempSync(join(tmpdir(), 'lamdagent-stamp-'));
    const [file, stampFile] = [join(folder, 'lock'), join(folder, 'stamp')];
    writeFileSync(file, 'one');
    writeStamp(stampFile, stampOf(['x'], [file]));
    assert.equal(isStamped(stampFile, stampOf(['x'], [file])), true);
    assert.equal(isStamped(stampFile, stampOf(['y'], [file])), false);
    writeFileSync(file, 'two');
    assert.equal(isStamped(stampFile, stampOf(['x'], [file])), false);
    rmSync(folder, { recursive: true });
  });

  it('reads the counts of a pytest run, and what failed', async () => {
    const { readJunit } = await load<Counts>('testCounts.mjs');
    const text = `<testsuites><testsuite name="pytest" errors="1" failures="2" skipped="3" tests="10" time="1">
      <testcase classname="tests.a" name="fine" time="1" /><testcase classname="tests.a" name="x[&lt;1&gt;]" time="1">
      <failure message="m">E</failure></testcase><testcase classname="tests.b" name="y" time="1"><error>E</error></testcase>
      <testcase classname="tests.b" name="z" time="1"><skipped message="s" /></testcase></testsuite></testsuites>`;
    const names = ['tests.a: x[<1>]', 'tests.b: y'];
    assert.deepEqual(readJunit(text), { passed: 4, failed: 3, skipped: 3, names });
  });
});
