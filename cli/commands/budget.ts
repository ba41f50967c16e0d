import { InvalidArgumentError, type Command } from 'commander';
import { loadStatus } from '../../activities/ledger/views.js';
import { DURATION, secondsOf } from '../../activities/spec/duration.js';
import { BUDGET_LIMITS, type BudgetChange, type BudgetLimit } from '../../domain/budgetChange.js';
import { EXIT } from '../../workers/fault.js';
import { requireKnown, type Context, type Run } from '../context.js';
import { example } from '../example.js';
import { sayNext } from '../next.js';
import { table } from '../table.js';
import { acting, sendUpdate } from '../update.js';

interface Options extends BudgetChange {
  readonly wallClock?: string;
  readonly tokens?: string;
  readonly json?: boolean;
}

export function addBudget(program: Command, run: Run): void {
  program
    .command('budget')
    .description('change the budget of a running exploration, up or down; without options, show it')
    .argument('<name>')
    .option('--trials <n>', 'trials after the baselines: 40, or a step such as +20', limit)
    .option('--gpu-seconds <n>', 'a number, a step, or none', limit)
    .option('--wall-clock <duration>', 'e.g. 12h, +90m, or none', duration)
    .option('--tokens <n>', 'LLM tokens: a number, a step, or none', limit)
    .option('--usd <amount>', 'US dollars: a number, a step, or none', limit)
    .option('--json', 'without other options: data as JSON on stdout')
    .addHelpText('after', example('budget my-search --trials +20 --wall-clock 12h'))
    .action((name: string, options: Options) => run((context) => budget(context, name, options)));
}

function limit(text: string): string {
  if (/^([+-]?\d+(\.\d+)?|none)$/.test(text)) return text;
  throw new InvalidArgumentError(`expected a number, a step such as +20, or none, got ${text}.`);
}

/** Seconds as text, with the sign of a step. */
function duration(text: string): string {
  const [, sign = '', rest = ''] = /^([+-]?)(.*)$/.exec(text) ?? [];
  return DURATION.test(rest) ? `${sign}${String(secondsOf(rest))}` : limit(text);
}

async function budget(context: Context, name: string, options: Options): Promise<number> {
  const { json, wallClock, tokens, ...rest } = options;
  const change = {
    ...rest,
    ...(wallClock === undefined ? {} : { wallClockSeconds: wallClock }),
    ...(tokens === undefined ? {} : { llmTokens: tokens }),
  };
  if (Object.keys(change).length === 0) return show(context, name, json);
  const code = await sendUpdate(context, { update: 'budget', name, input: { ...change, ...acting() } });
  sayNext(context.terminal, [[`budget ${name}`, 'shows what is spent of it']]);
  return code;
}

/** From the store alone: the wall clock is the workflow's matter. */
async function show(context: Context, name: string, json: boolean | undefined): Promise<number> {
  await requireKnown(context, name);
  const view = await loadStatus(context.store, name);
  if (view === null) return EXIT.failed;
  const { spend, budget: limits } = view;
  const spent: Readonly<Partial<Record<BudgetLimit, number>>> = {
    trials: view.policyTrials,
    gpuSeconds: spend.gpuSeconds,
    llmTokens: spend.llmTokens,
    ...(spend.usd === null && spend.gpuUsd === null ? {} : { usd: (spend.usd ?? 0) + (spend.gpuUsd ?? 0) }),
  };
  const names = Object.keys(BUDGET_LIMITS) as readonly BudgetLimit[];
  const rows = names.map((one) => [
    BUDGET_LIMITS[one],
    String(limits[one] ?? 'none'),
    String(spent[one] ?? '-'),
  ]);
  const text = table(['of', 'limit', 'spent'], rows, context.terminal.width).join('\n');
  context.terminal.print(json ? JSON.stringify({ schemaVersion: 1, budget: limits, spent }) : text);
  return EXIT.ok;
}
