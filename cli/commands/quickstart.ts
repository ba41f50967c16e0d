import { join } from 'node:path';
import type { Command } from 'commander';
import { formatFaults } from '../../activities/spec/faults.js';
import type { Spec } from '../../activities/spec/schema.js';
import { parseSpec, readSpecFile } from '../../activities/spec/spec.js';
import { EXIT, UserFault } from '../../workers/fault.js';
import type { Context, Run } from '../context.js';
import { example } from '../example.js';
import { exploreHere } from '../exploreHere.js';
import type { Wanted } from '../launch.js';
import { wholeNumber } from '../numbers.js';

interface Options {
  readonly trials?: number;
  readonly seed?: number;
  readonly parallel?: number;
  readonly policy?: string;
  readonly llm?: string;
  readonly model?: string;
  readonly fresh?: boolean;
}

export function addQuickstart(program: Command, run: Run): void {
  program
    .command('quickstart')
    .description('run the example exploration here, from nothing to a report (what `npm start` runs)')
    .option('--trials <n>', 'trials after the baselines', wholeNumber)
    .option('--seed <n>', 'seed of every random choice', wholeNumber)
    .option('--parallel <n>', 'trials in flight at once', wholeNumber)
    .option('--policy <name>', 'auto, random, evolution, tpe, agent or hybrid')
    .option(
      '--llm <where>',
      '`embedded` (a small model on this machine) or the URL of an OpenAI-compatible endpoint',
    )
    .option('--model <name>', 'the model to ask at that endpoint')
    .option('--fresh', 'begin a new exploration under the same name')
    .addHelpText('after', example('quickstart --trials 20 --seed 3'))
    .action((options: Options) => run((context) => quickstart(context, options)));
}

async function quickstart(context: Context, options: Options): Promise<number> {
  return exploreHere(context, await wantedOf(context, options), 'npm start');
}

/** The example's spec with what the person changed. */
async function wantedOf({ env }: Context, options: Options): Promise<Wanted> {
  const file = await readSpecFile(join(env.root, 'examples/quickstart/spec.yaml'));
  if (!file.ok) throw new UserFault(formatFaults(file.faults), EXIT.usage);
  const parsed = parseSpec(withOptions(file.spec, options, env.openAiBaseUrl));
  if (!parsed.ok) throw new UserFault(formatFaults(parsed.faults), EXIT.usage);
  const asked = Object.keys(options).filter((name) => name !== 'fresh');
  return { spec: parsed.spec, fresh: options.fresh ?? false, asked };
}

function withOptions(spec: Spec, options: Options, openAiBaseUrl: string | null): unknown {
  const { trials, seed, parallel, policy, llm, model } = options;
  return {
    ...spec,
    budget: { ...spec.budget, ...(trials === undefined ? {} : { trials }) },
    ...(seed === undefined ? {} : { seed }),
    ...(parallel === undefined ? {} : { parallel }),
    ...(policy === undefined ? {} : { policy }),
    ...llmOf(llm, model, openAiBaseUrl),
  };
}

/** Naming an LLM is the consent to use it; a key in the environment alone is none. */
function llmOf(llm: string | undefined, model: string | undefined, openAiBaseUrl: string | null): object {
  if (llm === undefined && model === undefined) return {};
  if (llm === 'embedded') return { llm: { embedded: true } };
  const baseUrl = llm ?? openAiBaseUrl ?? undefined;
  if (baseUrl !== undefined && model !== undefined) return { llm: { baseUrl, model } };
  throw new UserFault(
    '--llm: expected `embedded`, or a URL together with --model NAME (OPENAI_BASE_URL serves for the URL), got less.',
    EXIT.usage,
  );
}
