// npm run setup [-- --dev]: installs and builds what is missing; does nothing, offline too, when nothing is.
import { ensureBrowser } from './browser.mjs';
import { ensureBuilt } from './build.mjs';
import { ensureNpmPackages } from './npmPackages.mjs';
import { runMain, say, SetupFault } from './progress.mjs';
import { ensurePythonPackages } from './pythonPackages.mjs';

const OLDEST_NODE = [20, 19];

export async function setUp({ dev = false } = {}) {
  checkNode();
  const results = await Promise.allSettled([
    ensureNpmPackages().then(() => ensureBuilt()),
    ensurePythonPackages({ dev }),
    ...(dev ? [ensureBrowser()] : []),
  ]);
  const faults = results.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
  const bug = faults.find((fault) => !(fault instanceof SetupFault));
  if (bug !== undefined) throw bug;
  if (faults.length > 0) throw new SetupFault(faults.map((fault) => fault.message).join('\n'));
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return;
  throw new SetupFault(
    `Node: expected ${OLDEST_NODE.join('.')} or newer, got ${process.versions.node}. Install a newer one from https://nodejs.org.`,
  );
}

if (process.argv[1] === import.meta.filename) {
  await runMain(async () => {
    await setUp({ dev: process.argv.includes('--dev') });
    say('ready');
  });
}
