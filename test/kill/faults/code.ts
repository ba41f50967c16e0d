import { copyCode, type Mutation } from '../code.js';
import { unlessEnded, type Fault, type Target } from '../fault.js';

/** Another version of the workflows takes over a running history, and goes again. */
export const codeChanges: readonly Fault[] = [
  {
    name: 'incompatible orchestrator under a running history',
    ...{ promise: 'P6', needs: 'work', intervals: 1 },
    inject: async (target) => {
      const { world } = target;
      const code = copyCode([INCOMPATIBLE]);
      const before = await refusals(target);
      const at = Date.now();
      await world.orchestrator.crash();
      world.useCode(code.root);
      world.orchestrator.start();
      const refused = await unlessEnded(target, 'a refused workflow task', async () => {
        const now = await refusals(target);
        return now > before ? now : null;
      });
      await world.orchestrator.crash();
      world.useCode(null);
      world.orchestrator.start();
      code.remove();
      return refused === null ? null : { at, note: `${String(refused - before)} workflow tasks refused` };
    },
  },
];

/** How often a workflow task of the newest run failed because history and code don't agree. */
async function refusals({ world, name }: Target): Promise<number> {
  const { events } = await world.ask((client) => client.workflow.getHandle(`explore/${name}`).fetchHistory());
  const failures = (events ?? []).filter((event) => event.workflowTaskFailedEventAttributes?.failure);
  return failures.length;
}

const WORKFLOW = '_temporalio_workflow__WEBPACK_IMPORTED_MODULE_0__';
const BEGINNING = 'inbox.state ??= await prepare(spec);';

/** Sleeps where the history has something else; a run that only begins now fails its task, to be taken up again later. */
const INCOMPATIBLE: Mutation = {
  file: 'dist/workflow-bundle.js',
  find: BEGINNING,
  replace: `
    if (!${WORKFLOW}.workflowInfo().unsafe.isReplaying) throw new Error('planted: code that does not fit');
    await ${WORKFLOW}.sleep('1 hour');
    ${BEGINNING}`,
};
