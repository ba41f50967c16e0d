import { WorkflowFailedError, type Client } from '@temporalio/client';
import { loadExploration } from '../activities/ledger/read.js';
import { statusOf } from '../activities/ledger/views.js';
import { writeReport } from '../activities/report/write.js';
import type { ExplorationResult } from '../domain/result.js';
import { trialName } from '../domain/trial.js';
import { EXIT } from '../workers/fault.js';
import { reportFile } from '../workers/home.js';
import { workflowIds } from '../workflows/contract.js';
import type { Context } from './context.js';
import { sayNext } from './next.js';
import { costLines, summaryLines } from './summary.js';

/** Shows how a closed exploration ended; returns the exit code. */
export async function showOutcome(context: Context, client: Client, name: string): Promise<number> {
  try {
    const result = (await client.workflow
      .getHandle(workflowIds.exploration(name))
      .result()) as ExplorationResult;
    await showResult(context, name, result);
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const cause = innermost(error);
    context.terminal.say(`exploration ${name} ended without a result: ${cause.message}`);
    return 'type' in cause && cause.type === 'InvalidSpec' ? EXIT.usage : EXIT.failed;
  }
}

/** The champion, its gain over the base, and the report's path. */
export async function showResult(context: Context, name: string, result: ExplorationResult): Promise<void> {
  const { home, store, terminal } = context;
  const found = await loadExploration(store, name);
  const label = found?.rows.find((row) => row.trial === result.champion)?.label ?? null;
  terminal.say('');
  for (const line of summaryLines(result, label)) terminal.say(line);
  if (found !== null) for (const line of costLines(statusOf(found))) terminal.say(line);
  const file = reportFile(home, name);
  if (await writeReport(store, name, file)) terminal.say(`report: ${file}`);
  sayNext(terminal, [
    [`report ${name} --serve`, 'shows the report in the browser'],
    ...(result.champion === 0
      ? []
      : [
          [`show ${name} ${trialName(result.champion)}`, 'why it was proposed, and how it did'] as const,
          [
            `export ${name} ./${name}-model`,
            'the model, its recipe and a script that makes it again',
          ] as const,
        ]),
  ]);
}

function innermost(error: Error): Error {
  let inner = error;
  while (inner.cause instanceof Error) inner = inner.cause;
  return inner;
}
