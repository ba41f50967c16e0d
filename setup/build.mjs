// npm run build: TypeScript to dist/ and the workflow bundle, when a source changed. Types are checked by `npm run check`.
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { command } from './command.mjs';
import { runMain, say } from './progress.mjs';
import { cache, inRoot, root } from './root.mjs';
import { filesUnder, isStamped, stampOf, writeStamp } from './stamp.mjs';

const SOURCES = ['domain', 'workflows', 'activities', 'workers', 'cli'];
const STAMP = '.lamdagent-stamp';

export async function ensureBuilt() {
  const stamp = sourceStamp();
  if (isStamped(inRoot('dist', STAMP), stamp)) return;
  say('build: compiling');
  const fresh = join(cache, `dist-${process.pid}`);
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  await compile(fresh);
  writeFileSync(join(fresh, 'workflow-bundle.js'), await bundle(fresh));
  writeStamp(join(fresh, STAMP), stamp);
  swap(fresh, inRoot('dist'));
  say('build: done');
}

function sourceStamp() {
  const isSource = (file) => file.endsWith('.ts') && !file.endsWith('.test.ts');
  const files = SOURCES.flatMap((folder) => filesUnder(inRoot(folder), isSource));
  return stampOf(
    [],
    [inRoot('package-lock.json'), inRoot('tsconfig.json'), inRoot('tsconfig.build.json'), ...files],
  );
}

async function compile(target) {
  const tsc = inRoot('node_modules/typescript/bin/tsc');
  await command('build', process.execPath, [tsc, '-p', inRoot('tsconfig.build.json'), '--outDir', target]);
}

/** Bundling takes seconds, so it is done here and not at each start of the orchestrator. */
async function bundle(folder) {
  const workflowsPath = join(folder, 'workflows/index.js');
  const { bundleWorkflowCode, DefaultLogger } = createRequire(import.meta.url)('@temporalio/worker');
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
  // Modules are named by their final place, so that equal sources give equal bundles.
  return code.replaceAll(`./${relative(root, folder)}/`, './dist/');
}

/** A running orchestrator never sees half a build. */
function swap(fresh, target) {
  const old = `${fresh}-old`;
  if (existsSync(target)) renameSync(target, old);
  renameSync(fresh, target);
  rmSync(old, { recursive: true, force: true });
}

if (process.argv[1] === import.meta.filename) await runMain(ensureBuilt);
