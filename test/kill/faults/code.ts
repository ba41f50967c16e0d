import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { unlessEnded, type Fault, type Target } from '../fault.js';
import { ROOT } from '../spec.js';

/** Another version of the workflows takes over a running history, and goes again. */
export const codeChanges: readonly Fault[] = [
  {
    name: 'incompatible orchestrator under a running history',
    ...{ promise: 'P6', needs: 'work', intervals: 1 },
    inject: async (target) => {
      const { world } = target;
      const at = Date.now();
      await world.orchestrator.crash();
      world.useCode(incompatibleCode(world.home.folder));
      world.orchestrator.start();
      const refused = await unlessEnded(target, 'a refused workflow task', () => refusals(target));
      await world.orchestrator.crash();
      world.useCode(ROOT);
      world.orchestrator.start();
      return refused === null ? null : { at, note: `${String(refused)} workflow tasks refused` };
    },
  },
];

/** How often a workflow task of the newest run failed because history and code don't agree. */
async function refusals({ world, name }: Target): Promise<number> {
  const handle = await world.ask((client) => Promise.resolve(client.workflow.getHandle(`explore/${name}`)));
  const { events } = await world.ask(() => handle.fetchHistory());
  return (events ?? []).filter(
    ({ workflowTaskFailedEventAttributes }) => workflowTaskFailedEventAttributes?.failure,
  ).length;
}

/** Sleeps where the history has something else; a run that only begins now fails its task, to be taken up again later. */
const WORKFLOW = '_temporalio_workflow__WEBPACK_IMPORTED_MODULE_0__';
const INCOMPATIBLE = `
  if (!${WORKFLOW}.workflowInfo().unsafe.isReplaying) throw new Error('planted: code that does not fit');
  await ${WORKFLOW}.sleep('1 hour');`;
const COMPATIBLE = 'inbox.state ??= await prepare(spec);';

/** A copy of the built package with workflow code that does not fit any running history. */
export function incompatibleCode(folder: string): string {
  const root = join(folder, 'incompatible');
  if (existsSync(root)) return root;
  mkdirSync(root);
  for (const name of ['dist', 'package.json'])
    cpSync(join(ROOT, name), join(root, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  const file = join(root, 'dist', 'workflow-bundle.js');
  const code = readFileSync(file, 'utf8');
  if (!code.includes(COMPATIBLE))
    throw new Error(`workflow bundle: expected ${COMPATIBLE}, got a bundle without it`);
  writeFileSync(file, code.replace(COMPATIBLE, INCOMPATIBLE));
  return root;
}
