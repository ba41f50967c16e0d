// The npm packages of package-lock.json in node_modules.
import { existsSync, readFileSync } from 'node:fs';
import { command } from './command.mjs';
import { say } from './progress.mjs';
import { inRoot } from './root.mjs';
import { isStamped, stampOf, writeStamp } from './stamp.mjs';

const LOCK = inRoot('package-lock.json');
const INSTALLED = inRoot('node_modules/.package-lock.json');
const STAMP = inRoot('node_modules/.lamdagent-stamp');

export async function ensureNpmPackages() {
  const stamp = stampOf([process.platform, process.arch], [LOCK]);
  if (isStamped(STAMP, stamp)) return;
  if (!isInstalled()) {
    say('npm packages: installing');
    const fix = 'The first set-up needs the npm registry; `npm ci` by hand shows more.';
    await command('npm packages', 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { fix });
    say('npm packages: done');
  }
  writeStamp(STAMP, stamp);
}

/** npm writes what it installed: installed by hand at the same versions is as good. */
function isInstalled() {
  if (!existsSync(INSTALLED)) return false;
  const [lock, installed] = [LOCK, INSTALLED].map((file) => JSON.parse(readFileSync(file, 'utf8')).packages);
  return Object.entries(lock).every(
    ([path, wanted]) => path === '' || wanted.optional || installed[path]?.version === wanted.version,
  );
}
