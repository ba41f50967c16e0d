import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { loadExploration } from '../../activities/ledger/read.js';
import { formatFaults, shown } from '../../activities/spec/faults.js';
import { checkSpec } from '../../activities/spec/spec.js';
import { readWrittenFile } from '../../activities/spec/writtenFile.js';
import { keys } from '../../activities/store/keys.js';
import type { JsonObject } from '../../domain/json.js';
import { mergePatch } from '../../domain/mergePatch.js';
import { trialName } from '../../domain/trial.js';
import { EXIT, UserFault } from '../../workers/fault.js';
import { requireKnown, type Context, type Run } from '../context.js';
import { example } from '../example.js';
import { wholeNumber } from '../numbers.js';
import { startSpec } from './start.js';

interface Options {
  readonly at?: string;
  readonly as: string;
  readonly seed?: number;
  readonly changes?: string;
  readonly follow?: boolean;
}

export function addFork(program: Command, run: Run): void {
  program
    .command('fork')
    .description('begin another exploration with the trials of this one, up to one of them')
    .argument('<name>')
    .requiredOption('--as <other>', 'the name of the new exploration')
    .option('--at <trial>', 'the last trial it takes over, in the order of completion (default: all)')
    .option('--seed <n>', 'another seed', wholeNumber)
    .option('--changes <file>', 'YAML or JSON to lay over the spec; null removes an entry')
    .option('--follow', 'show it until it ends')
    .addHelpText('after', example('fork my-search --at t0012 --as my-search-2 --seed 7'))
    .action((name: string, options: Options) => run((context) => fork(context, name, options)));
}

async function fork(context: Context, name: string, options: Options): Promise<number> {
  await requireKnown(context, name);
  const { spec, explorationId, trials } = await sourceOf(context, name);
  if (options.at !== undefined && !trials.includes(options.at))
    throw new UserFault(
      `--at: expected a trial of ${name} with a result, up to ${trials.at(-1) ?? 'none'}, got ${options.at}.`,
      EXIT.usage,
    );
  const inherit = { from: explorationId, ...(options.at === undefined ? {} : { through: options.at }) };
  const changes = options.changes === undefined ? {} : await readChanges(options.changes);
  const seed = options.seed === undefined ? {} : { seed: options.seed };
  const forked = { ...(mergePatch(spec, changes) as JsonObject), name: options.as, ...seed, inherit };
  const checked = await checkSpec(forked, dirname(resolve(options.changes ?? '.')));
  if (!checked.ok) throw new UserFault(formatFaults(checked.faults), EXIT.usage);
  return startSpec(context, checked.spec, { follow: options.follow ?? false });
}

/** The spec it was started with, without what it inherited itself: its own ledger has that. */
async function sourceOf(
  { store }: Context,
  name: string,
): Promise<{
  readonly spec: JsonObject;
  readonly explorationId: string;
  readonly trials: readonly string[];
}> {
  const found = await loadExploration(store, name);
  const explorationId = found?.pointer.explorationId ?? '';
  const text = await store.read(keys.spec(explorationId));
  if (text === null)
    throw new UserFault(
      `exploration ${name}: expected its spec in the store, got none: an older version started it. ` +
        `\`start SPEC --warm-start ${name}\` does the same from the spec's file.`,
    );
  const trials = (found?.rows ?? []).map(({ trial }) => trialName(trial));
  return { spec: JSON.parse(text) as JsonObject, explorationId, trials };
}

async function readChanges(file: string): Promise<JsonObject> {
  const written = await readWrittenFile(file, 'changes');
  if (!written.ok) throw new UserFault(formatFaults(written.faults), EXIT.usage);
  const { value } = written;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new UserFault(
    `${file}: expected a mapping to lay over the spec, got ${shown(value)}. For example: seed: 7`,
    EXIT.usage,
  );
}
