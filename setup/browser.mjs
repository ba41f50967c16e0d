// Chromium, in which tests look at the report and at Temporal's Web UI. The product itself needs no browser, so its lack stops no set-up.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { command } from './command.mjs';
import { say, SetupFault } from './progress.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];
const MAC = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';
const APT = 'apt-get install -y --no-install-recommends chromium';
const ONCE = `${APT} || { apt-get update && ${APT}; }`;

/** The browser to call: $CHROMIUM, else the first on PATH. Throws, saying what to install, when there is none. */
export function findBrowser(env = process.env) {
  const named = env.CHROMIUM;
  const folders = (env.PATH ?? '').split(delimiter);
  const tried = named ? [named] : [...NAMES.flatMap((name) => folders.map((one) => join(one, name))), MAC];
  const found = tried.find(isProgram);
  if (found !== undefined) return found;
  throw new SetupFault(
    `Chromium: expected a browser ${named ? 'as $CHROMIUM names it' : 'on PATH'}, got ${named ? `${named}: not found` : `none of ${NAMES.join(', ')}`}. ` +
      'Install it (Debian: sudo apt install chromium; macOS: brew install --cask chromium) or set CHROMIUM=/path/to/it.',
  );
}

/** Installs Chromium where that asks nobody: on Debian as root, as in a container. Elsewhere the tests say what to do. */
export async function ensureBrowser() {
  try {
    findBrowser();
  } catch (fault) {
    if (process.getuid?.() !== 0 || !isOnPath('apt-get')) return say(fault.message);
    say('chromium: installing');
    const env = { DEBIAN_FRONTEND: 'noninteractive' };
    await command('chromium', 'sh', ['-c', ONCE], { env }).then(
      () => say('chromium: done'),
      (failed) => say(`${failed.message}\n${fault.message}`),
    );
  }
}

function isOnPath(name) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => isProgram(join(folder, name)));
}

function isProgram(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
