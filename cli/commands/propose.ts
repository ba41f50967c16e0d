import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { loadExploration } from '../../activities/ledger/read.js';
import { parseWrittenAction } from '../../activities/steering/writtenAction.js';
import { judgeRequest, type TrialRequest } from '../../domain/request.js';
import { trialNumber } from '../../domain/trial.js';
import { EXIT, messageOf, UserFault } from '../../workers/fault.js';
import { requireKnown, type Context, type Run } from '../context.js';
import { acting, example, sendUpdate } from '../update.js';

/** propose, retry: trials that a person asks for. */
export function addPropose(program: Command, run: Run): void {
  program
    .command('propose')
    .description(
      'run a trial of your own before the next one of the policy; it needs no place in the budget of trials',
    )
    .argument('<name>')
    .argument('<action>', 'JSON file: {"kind": "merge", "models": ["t0003", "t0007"]}')
    .addHelpText('after', example('propose my-search action.json'))
    .action((name: string, file: string) => run((context) => propose(context, name, file)));
  program
    .command('retry')
    .description('run a failed trial again, under a new number')
    .argument('<name>')
    .argument('<trial>', 'e.g. t0007')
    .addHelpText('after', example('retry my-search t0007'))
    .action((name: string, trial: string) => run((context) => retry(context, name, trial)));
}

async function propose(context: Context, name: string, file: string): Promise<number> {
  const written = await readJson(file);
  const parsed = parseWrittenAction(written);
  if ('fault' in parsed) throw new UserFault(parsed.fault, EXIT.usage);
  await check(context, name, { kind: 'propose', action: parsed.action });
  return sendUpdate(context, { update: 'propose', name, input: { action: written, ...acting() } });
}

async function retry(context: Context, name: string, trial: string): Promise<number> {
  const number = trialNumber(trial);
  if (number === null)
    throw new UserFault(`trial: expected a trial such as t0007, got ${trial}.`, EXIT.usage);
  await check(context, name, { kind: 'retry', trial: number });
  return sendUpdate(context, { update: 'retry', name, input: { trial, ...acting() } });
}

/** What the ledger alone refuses is told at once, also where no service runs; trials in flight are the workflow's matter. */
async function check(context: Context, name: string, request: TrialRequest): Promise<void> {
  await requireKnown(context, name);
  const found = await loadExploration(context.store, name);
  if (found === null) return;
  const judged = judgeRequest({ plan: found.plan, rows: found.rows, pending: [] }, request);
  if (judged.kind === 'refused') throw new UserFault(`${name}: ${judged.reason}`, EXIT.usage);
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as unknown;
  } catch (error) {
    throw new UserFault(`${file}: expected a JSON file with an action, got ${messageOf(error)}.`, EXIT.usage);
  }
}
