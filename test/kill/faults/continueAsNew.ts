import { unlessEnded, type Fault, type Target } from '../fault.js';

/** The moment at which one run of the exploration hands over to the next, with a trial in flight. */
export const handOvers: readonly Fault[] = [
  {
    name: 'kill orchestrator and server in continue-as-new',
    ...{ promise: 'P6', needs: 'work', intervals: 1 },
    inject: async (target) => {
      const before = await runIdOf(target);
      const after = await unlessEnded(target, 'a continue-as-new', async () => {
        const now = await runIdOf(target);
        return now === before ? null : now;
      });
      if (after === null) return null;
      const at = Date.now();
      const { orchestrator, server } = target.world;
      await Promise.all([orchestrator.kill(), server.kill()]);
      return { at, note: `run ${after}` };
    },
  },
];

async function runIdOf({ world, name }: Target): Promise<string> {
  return (await world.ask((client) => client.workflow.getHandle(`explore/${name}`).describe())).runId;
}
