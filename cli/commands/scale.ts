import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowFailedError, type Client, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { Command } from 'commander';
import { loadExploration } from '../../activities/ledger/read.js';
import { checkRequest } from '../../activities/scale/request.js';
import type { ScaleRequest, ScaleResult } from '../../domain/scale.js';
import { scaleDetails } from '../../domain/scaleDetails.js';
import { staticSummaryText } from '../../domain/summaries.js';
import { EXIT, UserFault } from '../../workers/fault.js';
import { QUEUES, WORKFLOW_TYPES, workflowIds } from '../../workflows/contract.js';
import type { ScaleAnswer } from '../../workflows/messages.js';
import { requireKnown, type Context, type Run } from '../context.js';
import { example } from '../example.js';
import { listenForInterrupt } from '../interrupt.js';
import { jobLine } from '../jobLine.js';
import { sayNext } from '../next.js';
import { positiveNumber, wholeNumber } from '../numbers.js';
import { scaleLines } from '../scaleLines.js';
import { withService } from '../service.js';
import { jobsUnder, query } from '../snapshot.js';

interface Options {
  readonly top?: number;
  readonly dataFraction?: number;
  readonly base?: string;
  readonly json?: boolean;
}

const LOOK_EVERY_MS = 700;

export function addScale(program: Command, run: Run): void {
  program
    .command('scale')
    .description(
      'run the best pipelines found again with more data or on another base model, and compare each with its original',
    )
    .argument('<name>')
    .option('--top <n>', 'how many of the found pipelines (default: 3)', wholeNumber)
    .option('--data-fraction <factor>', 'times the rows and the optimiser steps, e.g. 2', positiveNumber)
    .option('--base <folder>', 'another base model')
    .option('--json', 'data as JSON on stdout')
    .addHelpText('after', example('scale my-search --top 3 --data-fraction 2'))
    .action((name: string, options: Options) => run((context) => scale(context, name, options)));
}

/** A study that was worked out before is shown again; one that runs is attached to. */
async function scale(context: Context, name: string, options: Options): Promise<number> {
  await requireKnown(context, name);
  const { json, base, ...sizes } = options;
  const request: ScaleRequest = {
    exploration: name,
    ...sizes,
    ...(base === undefined ? {} : { base: resolve(base) }),
  };
  const { label } = await checkRequest(context.store, request, process.cwd()).catch(asUserFault);
  const found = await loadExploration(context.store, name);
  const known = found?.scales.find(({ plan }) => plan.label === label)?.result ?? null;
  if (known !== null) {
    context.terminal.say(`scale ${label} of ${name} was worked out before`);
    return show(context, known, json);
  }
  const interrupt = listenForInterrupt();
  return withService(context, interrupt, async (client, mine) => {
    const handle = await client.workflow.start(WORKFLOW_TYPES.scale, {
      taskQueue: QUEUES.orchestrator,
      workflowId: workflowIds.scale(name, label),
      workflowIdConflictPolicy: 'USE_EXISTING',
      args: [request],
      staticSummary: staticSummaryText(`scale ${name}: ${label}`),
      staticDetails: scaleDetails(request, label),
    });
    await follow(context, client, { handle, signal: interrupt.signal });
    if (interrupt.signal.aborted) {
      const how = mine ? 'the same command goes on from here' : 'it goes on without this terminal';
      context.terminal.say(`scale ${label}: ${how}`);
      return EXIT.interrupted;
    }
    const code = show(context, await resultOf(handle), json);
    if (json !== true)
      sayNext(context.terminal, [[`report ${name}`, 'writes the report, with this study in it']]);
    return code;
  });
}

function show({ terminal }: Context, result: ScaleResult, json: boolean | undefined): number {
  terminal.print(json ? JSON.stringify(result) : scaleLines(result).join('\n'));
  return EXIT.ok;
}

async function resultOf(handle: WorkflowHandle): Promise<ScaleResult> {
  try {
    return (await handle.result()) as ScaleResult;
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    let cause: Error = error;
    while (cause.cause instanceof Error) cause = cause.cause;
    return asUserFault(cause);
  }
}

/** What the person can mend has exit code 2. */
function asUserFault(error: unknown): never {
  if (!(error instanceof ApplicationFailure)) throw error;
  throw new UserFault(error.message, error.type === 'InvalidScale' ? EXIT.usage : EXIT.failed);
}

/** Says which model was scored, and shows what runs, until the study is closed or the signal comes. */
async function follow(
  { terminal }: Context,
  client: Client,
  { handle, signal }: { readonly handle: WorkflowHandle; readonly signal: AbortSignal },
): Promise<void> {
  const told = new Set<string>();
  while (!signal.aborted) {
    const answer = await query<ScaleAnswer>(client, handle.workflowId, 'scaleStatus');
    for (const { job, status } of answer?.ended ?? []) {
      if (!told.has(job)) terminal.say(`${job}  ${status}`);
      told.add(job);
    }
    const running = answer?.running ?? [];
    const jobs = await Promise.all(running.map((one) => jobsUnder(client, one.workflowId, one.job)));
    terminal.live(jobs.flat().map((job) => `  ${jobLine(job)}`));
    const described = await handle.describe().catch(() => null);
    if (described !== null && described.status.name !== 'RUNNING') break;
    await sleep(LOOK_EVERY_MS, null, { signal }).catch(() => null);
  }
  terminal.live([]);
}
