import { loadBooks } from '../../activities/ledger/audit.js';
import { loadExploration } from '../../activities/ledger/read.js';
import { keys } from '../../activities/store/keys.js';
import type { Books } from '../../domain/audit.js';
import { evaluationsOf } from '../../domain/evaluation.js';
import type { Json, JsonObject } from '../../domain/json.js';
import { canonicalJson } from '../../domain/stage.js';
import { trialName, type TrialRecord, type TrialResult } from '../../domain/trial.js';
import { QUEUES, WORKFLOW_TYPES } from '../../workflows/contract.js';
import type { PipelineInput } from '../../workflows/pipeline.js';
import { stepSecondsOf, type StepSeconds } from './lost.js';
import { differences, ended, readOutcome } from './outcome.js';
import { until } from './until.js';
import { startWorld, type World, type WorldOptions } from './world.js';

/** The same work without any fault, in a home of its own. */
export interface Twin {
  /** What the killed exploration has otherwise, in words. */
  readonly differences: readonly string[];
  readonly stepSeconds: StepSeconds;
}

export interface Killed {
  readonly world: World;
  readonly name: string;
  readonly spec: JsonObject;
  readonly books: Books;
}

/** What the killed exploration is compared with. */
export interface Comparison {
  readonly says: string;
  readonly twin: (killed: Killed, options: WorldOptions) => Promise<Twin>;
}

/** With `parallel: 1` the whole exploration must be the same, bit for bit. */
export const sameExploration: Comparison = {
  says: 'rows, weights, scores and champion as unkilled',
  twin: async ({ world, name, spec }, options) => {
    const killed = await readOutcome(world, name);
    return inHomeOfItsOwn(spec, options, async (other) => ({
      differences: differences(await readOutcome(other, name), killed),
      stepSeconds: stepSecondsOf(await booksOf(other, name)),
    }));
  },
};

/** With `parallel` over 1 the order of completions decides what comes next; what is built must be the same. */
export const sameStages: Comparison = {
  says: 'weights and scores of every trial as unkilled',
  twin: ({ name, spec, books }, options) => {
    const short = { ...spec, parallel: 1, budget: { trials: 1 } };
    return inHomeOfItsOwn(short, options, async (other) => {
      for (const { stage } of books.decisions)
        await other.store.putIfAbsent(
          keys.stage(stage.stageId),
          canonicalJson(stage.stage as unknown as Json),
        );
      const found: string[] = [];
      for (const row of [...books.rows].sort((a, b) => a.trial - b.trial))
        found.push(...differencesOf(row, await built(other, books, row)));
      return { differences: found, stepSeconds: stepSecondsOf(await booksOf(other, name)) };
    });
  },
};

async function inHomeOfItsOwn(
  spec: JsonObject,
  options: WorldOptions,
  look: (world: World) => Promise<Twin>,
): Promise<Twin> {
  const world = await startWorld(options);
  const name = String(spec['name']);
  try {
    await world.begin(spec);
    await ended(world, name, 3600);
    return await look(world);
  } finally {
    await world.close(false);
  }
}

/** Everything on record about the exploration. */
export async function booksOf(world: World, name: string): Promise<Books> {
  const found = await loadExploration(world.store, name);
  if (found === null) throw new Error(`exploration ${name}: expected a ledger, got none`);
  return loadBooks(world.store, found);
}

/** Builds and scores the trial's model anew, by the trial's own workflow. */
async function built(world: World, { plan }: Books, row: TrialRecord): Promise<TrialResult> {
  const { trial, origin, decision, action, stageId, label } = row;
  const input: PipelineInput = {
    explorationId: plan.explorationId,
    proposed: { trial, origin, decision, action, stageId, label },
    evaluations: evaluationsOf(plan, 'search', stageId),
    options: { checkpointSeconds: plan.checkpointSeconds, maxStalledAttempts: 3 },
    requester: `twin/${trialName(trial)}`,
    reportTo: null,
  };
  const workflowId = `twin/${trialName(trial)}`;
  await world.ask((client) =>
    client.workflow.start(WORKFLOW_TYPES.pipeline, {
      taskQueue: QUEUES.orchestrator,
      workflowId,
      args: [input],
    }),
  );
  return until(`the unkilled ${workflowId}`, 900, async () => {
    const handle = await world.ask((client) => Promise.resolve(client.workflow.getHandle(workflowId)));
    return (await handle.describe()).status.name === 'RUNNING'
      ? null
      : ((await handle.result()) as TrialResult);
  });
}

function differencesOf(
  killed: TrialRecord,
  { status, weightsSha256, scores }: TrialResult,
): readonly string[] {
  const text = (of: Pick<TrialResult, 'status' | 'weightsSha256' | 'scores'>): string =>
    canonicalJson({
      status: of.status,
      weightsSha256: of.weightsSha256,
      scores: of.scores,
    } as unknown as Json);
  const [expected, got] = [text({ status, weightsSha256, scores }), text(killed)];
  return expected === got ? [] : [`${trialName(killed.trial)}: expected ${expected}, got ${got}`];
}
