import type { Command } from 'commander';
import { loadExploration } from '../../activities/ledger/read.js';
import { formatFaults } from '../../activities/spec/faults.js';
import { readWrittenFile } from '../../activities/spec/writtenFile.js';
import { parseWrittenAction } from '../../activities/steering/writtenAction.js';
import { judgeRequest, type TrialRequest } from '../../domain/request.js';
import { trialNumber } from '../../domain/trial.js';
import { EXIT, UserFault } from '../../workers/fault.js';
import { requireKnown, type Context, type Run } from '../context.js';
import { example } from '../example.js';
import { sayNext } from '../next.js';
import { acting, sendUpdate, type Message } from '../update.js';

/** propose, retry: trials that a person asks for. */
export function addPropose(program: Command, run: Run): void {
  program
    .command('propose')
    .description(
      'run a trial of your own before the next one of the policy; it needs no place in the budget of trials',
    )
    .argument('<name>')
    .argument('<action>', 'JSON or YAML file: {"kind": "merge", "models": ["t0003", "t0007"]}')
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
  const written = await readWrittenFile(file, 'action');
  if (!written.ok) throw new UserFault(formatFaults(written.faults), EXIT.usage);
  const parsed = parseWrittenAction(written.value);
  if ('fault' in parsed) throw new UserFault(parsed.fault, EXIT.usage);
  await check(context, name, { kind: 'propose', action: parsed.action });
  return send(context, { update: 'propose', name, input: { action: written.value, ...acting() } });
}

async function retry(context: Context, name: string, trial: string): Promise<number> {
  const number = trialNumber(trial);
  if (number === null)
    throw new UserFault(`trial: expected a trial such as t0007, got ${trial}.`, EXIT.usage);
  await check(context, name, { kind: 'retry', trial: number });
  return send(context, { update: 'retry', name, input: { trial, ...acting() } });
}

async function send(context: Context, message: Message): Promise<number> {
  const code = await sendUpdate(context, message);
  sayNext(context.terminal, [[`watch ${message.name}`, 'follows it until it ends']]);
  return code;
}

/** What the ledger alone refuses is told at once, also where no service runs; trials in flight are the workflow's matter. */
async function check(context: Context, name: string, request: TrialRequest): Promise<void> {
  await requireKnown(context, name);
  const found = await loadExploration(context.store, name);
  if (found === null) return;
  const judged = judgeRequest({ plan: found.plan, rows: found.rows, pending: [] }, request);
  if (judged.kind === 'refused') throw new UserFault(`${name}: ${judged.reason}`, EXIT.usage);
}
