import type { Command } from 'commander';
import { loadCurves, trainedStages, trainingsOf } from '../../activities/ledger/curves.js';
import { loadExchanges } from '../../activities/ledger/exchanges.js';
import { loadExploration, type StoredExploration } from '../../activities/ledger/read.js';
import { trialNumber, trialView } from '../../activities/ledger/trialView.js';
import { plainText } from '../../domain/plainText.js';
import { EXIT } from '../../workers/fault.js';
import { requireKnown, type Context, type Run } from '../context.js';
import { example } from '../example.js';
import { promptLines } from '../promptText.js';
import { requireTrial } from '../requireTrial.js';
import { trialLines, type TrainingView } from '../trialText.js';

interface Options {
  readonly json?: boolean;
  readonly prompts?: boolean;
}

/** Reads the store alone: no server is needed. */
export function addShow(program: Command, run: Run): void {
  program
    .command('show')
    .description('a trial: why it was proposed, its recipe, scores, cost and attempts')
    .argument('<name>')
    .argument('<trial>', 'e.g. t0007')
    .option('--prompts', 'the prompts and answers behind its decision, in full')
    .option('--json', 'data as JSON on stdout')
    .addHelpText('after', example('show my-search t0007'))
    .action((name: string, trial: string, options: Options) =>
      run((context) => show(context, { name, trial }, options)),
    );
}

async function show(
  context: Context,
  { name, trial }: { readonly name: string; readonly trial: string },
  { json, prompts }: Options,
): Promise<number> {
  await requireKnown(context, name);
  const found = await loadExploration(context.store, name);
  if (found === null) return EXIT.failed;
  const view = requireTrial(found, trial, (number) => trialView(found, number));
  const { explorationId } = found.plan;
  const asked = prompts === true ? view.why : null;
  const exchanges = asked === null ? [] : await loadExchanges(context.store, explorationId, asked);
  const trainings = await trainingsUnder(context, found, trialNumber(trial));
  const curves = trainings.map(({ training, curve }) => ({ name: training.name, ...curve }));
  const data = { ...view, curves, ...(prompts === true ? { exchanges } : {}) };
  const lines = [...trialLines(view, trainings), ...promptLines(exchanges)];
  // What an LLM wrote is shown in full, and obeyed by no terminal.
  const text = json === true ? JSON.stringify(data) : plainText(lines.join('\n'), Infinity);
  context.terminal.print(text);
  return EXIT.ok;
}

/** The trainings that the trial ran or reused, where their curves are on record. */
async function trainingsUnder(
  { store }: Context,
  { rows }: StoredExploration,
  trial: number | null,
): Promise<readonly TrainingView[]> {
  const own = rows.filter((row) => row.trial === trial);
  const curves = await loadCurves(store, own);
  const needed = new Set(own.flatMap(trainedStages).map(({ stageId }) => stageId));
  return trainingsOf(rows).flatMap((training) => {
    const curve = curves.get(training.stage.stageId);
    return curve === undefined || !needed.has(training.stage.stageId) ? [] : [{ training, curve }];
  });
}
