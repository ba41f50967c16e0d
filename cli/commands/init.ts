import { access, constants, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { nameOf, UnknownData } from '../../activities/init/dataFile.js';
import { makeDraft, TRIALS } from '../../activities/init/make.js';
import { TooFewQuestions } from '../../activities/init/measure.js';
import { modelFacts } from '../../activities/init/modelFacts.js';
import { existing, writeAll, writtenFiles } from '../../activities/init/write.js';
import { capped, formatFaults, shown, type Fault } from '../../activities/spec/faults.js';
import { hub as hubName } from '../../activities/spec/hubNames.js';
import { SpecSchema } from '../../activities/spec/schema.js';
import { SPLITS } from '../../domain/plan.js';
import { EXIT, UserFault } from '../../workers/fault.js';
import { withQuestions, type Ask } from '../ask.js';
import type { Context, Run } from '../context.js';
import { example } from '../example.js';
import { quoted, sayNext } from '../next.js';
import { wholeNumber } from '../numbers.js';

interface Options {
  readonly model?: string;
  readonly data?: readonly string[];
  readonly output: string;
  readonly name?: string;
  readonly trials?: number;
  readonly force?: boolean;
}
interface Wanted {
  readonly model: string;
  readonly data: readonly string[];
}

const MOST_FAULTS = 5;

export function addInit(program: Command, run: Run): void {
  program
    .command('init')
    .description('write a spec for a model and data of yours; asks for what no option says')
    .option('--model <where>', 'a folder with a model, or owner/name of the Hugging Face Hub')
    .option('--data <files...>', 'files to train on and to measure with; folders of benchmarks')
    .option('--output <file>', 'the spec', 'spec.yaml')
    .option('--name <name>', 'of the exploration (default: that of the folder)')
    .option(
      '--trials <n>',
      `the budget of trials after the baselines (default: ${String(TRIALS)})`,
      wholeNumber,
    )
    .option('--force', 'replace files that are there')
    .addHelpText('after', example('init --model ./model --data chats.jsonl pairs.jsonl'))
    .action((options: Options) => run((context) => init(context, options)));
}

async function init(context: Context, options: Options): Promise<number> {
  const { terminal } = context;
  const wanted = await wantedOf(options);
  const spec = resolve(options.output);
  const folder = dirname(spec);
  const model = await modelOf(wanted.model);
  const faults: Fault[] = [];
  const facts = 'path' in model ? await modelFacts(model.path, (fault) => faults.push(fault)) : null;
  if (faults.length > 0) throw new UserFault(formatFaults(faults), EXIT.usage);
  const data = wanted.data.map((file) => resolve(file));
  for (const file of data) await requireReadable(file);
  const name = explorationName(options.name ?? nameOf(basename(folder)));
  const trials = options.trials ?? TRIALS;
  const { draft, asked } = await makeDraft({ name, folder, model, facts, data, trials }).catch(asFault);
  const files = writtenFiles(draft, { spec, folder, asked });
  await refuseFolder(spec);
  await refuseExisting(files, options.force);
  await writeAll(files);
  for (const { name: dataset, of, rows } of draft.datasets)
    terminal.say(`dataset ${dataset}: ${of.shape}, ${String(rows)} rows of ${of.file}`);
  for (const { name: benchmark, made } of draft.benchmarks)
    if (made !== null)
      terminal.say(
        `benchmark ${benchmark}: ${SPLITS.map((split) => `${split} ${String(made.items[split].length)}`).join(', ')} items of ${made.of.file}; no row to train on asks them`,
      );
  for (const { path } of files) terminal.say(`wrote ${path}`);
  sayNext(terminal, [[`validate ${quoted(options.output)}`, 'checks it, and shows what will be done']]);
  return EXIT.ok;
}

function explorationName(name: string): string {
  const parsed = SpecSchema.shape.name.safeParse(name);
  if (parsed.success) return name;
  throw new UserFault(
    `--name: expected ${parsed.error.issues[0]?.message ?? 'a name'}, got ${shown(name)}.`,
    EXIT.usage,
  );
}

/** The options; what they leave out is asked for, where somebody can answer. */
async function wantedOf({ model, data }: Options): Promise<Wanted> {
  if (model !== undefined && data !== undefined) return { model, data };
  if (process.stdin.isTTY && process.stderr.isTTY)
    return withQuestions(async (ask) => ({
      model: model ?? (await answered(ask, 'Model: a folder, or owner/name of the Hugging Face Hub')),
      data: data ?? (await listed(ask, 'Data: a file to train on or to measure with')),
    }));
  throw new UserFault(
    'init: expected --model and --data where nobody can be asked, got ' +
      `${model === undefined ? 'no --model' : 'no --data'}. For example: npx lamdagent init --model ./model --data chats.jsonl`,
    EXIT.usage,
  );
}

async function answered(ask: Ask, question: string): Promise<string> {
  for (;;) {
    const answer = await ask(question);
    if (answer !== '') return answer;
  }
}

async function listed(ask: Ask, question: string): Promise<readonly string[]> {
  const files = [await answered(ask, question)];
  for (;;) {
    const next = await ask('One more (empty: no)');
    if (next === '') return files;
    files.push(next);
  }
}

async function modelOf(written: string): Promise<{ readonly path: string } | { readonly hub: string }> {
  const isThere = await stat(written).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const isPath = isThere || /^[./~]/.test(written) || !hubName.safeParse(written).success;
  return isPath ? { path: resolve(written) } : { hub: written };
}

/** A pipe or a device would be read for ever. */
async function requireReadable(file: string): Promise<void> {
  const found = await access(file, constants.R_OK)
    .then(() => stat(file))
    .catch(() => null);
  if (found?.isFile() === true || found?.isDirectory() === true) return;
  throw new UserFault(`--data: expected a readable file, got ${file}. Check the path.`, EXIT.usage);
}

/** Told before anything is written: the spec is written last. */
async function refuseFolder(spec: string): Promise<void> {
  if ((await stat(spec).catch(() => null))?.isDirectory() === true)
    throw new UserFault(
      `--output: expected a file, got the folder ${spec}. For example: --output ${join(spec, 'spec.yaml')}`,
      EXIT.usage,
    );
}

async function refuseExisting(
  files: Parameters<typeof existing>[0],
  force: boolean | undefined,
): Promise<void> {
  const there = force === true ? [] : await existing(files);
  if (there.length > 0)
    throw new UserFault(
      `init: expected none of its files to be there, got ${there.join(', ')}. Name another --output, or replace them with --force.`,
      EXIT.usage,
    );
}

function asFault(error: unknown): never {
  if (error instanceof TooFewQuestions) throw new UserFault(error.message, EXIT.usage);
  if (error instanceof UnknownData)
    throw new UserFault(formatFaults(capped(error.faults, MOST_FAULTS, error.message)), EXIT.usage);
  throw error;
}
