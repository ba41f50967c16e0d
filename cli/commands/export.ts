import { join } from 'node:path';
import type { Command } from 'commander';
import { exportTrial, ExportFault } from '../../activities/export/exportTrial.js';
import { NotInStore } from '../../activities/export/recipe.js';
import { loadExploration, type StoredExploration } from '../../activities/ledger/read.js';
import type { Recipe } from '../../domain/recipe.js';
import { trialName, type TrialRecord } from '../../domain/trial.js';
import { EXIT, UserFault } from '../../workers/fault.js';
import { requirePushable, runPush } from '../../workers/push.js';
import { runRebuild } from '../../workers/rebuild.js';
import { requireKnown, type Context, type Run } from '../context.js';
import { example } from '../example.js';
import { quoted, sayNext } from '../next.js';
import { requireTrial } from '../requireTrial.js';

interface Options {
  readonly withBase?: boolean;
  readonly data: boolean;
  readonly push?: string;
  readonly public?: boolean;
  readonly json?: boolean;
}

/** Reads the store alone: no server is needed. */
export function addExport(program: Command, run: Run): void {
  program
    .command('export')
    .usage('[options] <name> [trial] <folder>')
    .description(
      'write a model with its card, its recipe, and a script that makes it again; the champion unless a trial is named',
    )
    .argument('<name>')
    .argument('<where...>', 'a trial such as t0007, if not the champion, and a folder that is new or empty')
    .option('--with-base', 'copy the base model too, so that nothing else is needed to make it again')
    .option('--no-data', 'leave the datasets out; the recipe has their hashes')
    .option(
      '--push <owner/name>',
      'upload it to this repository of the Hugging Face Hub, too (HF_TOKEN, HF_ENDPOINT); a new one is private',
    )
    .option('--public', 'with --push: everybody may see a new repository')
    .option('--json', 'data as JSON on stdout')
    .addHelpText('after', example('export my-search ./my-model --with-base'))
    .action((name: string, where: readonly string[], options: Options) =>
      run((context) => exportOne(context, { name, where }, options)),
    );
}

async function exportOne(
  context: Context,
  { name, where }: { readonly name: string; readonly where: readonly string[] },
  { withBase = false, data, push, public: isPublic = false, json }: Options,
): Promise<number> {
  const { env, store, terminal } = context;
  const [folder, trial, tooMany] = [
    where.at(-1) ?? '',
    where.length > 1 ? where[0] : undefined,
    where.length > 2,
  ];
  if (tooMany)
    throw new UserFault(`export: expected [trial] and a folder, got ${where.join(' ')}.`, EXIT.usage);
  if (push !== undefined) requirePushable(env, push);
  await requireKnown(context, name);
  const found = await loadExploration(store, name);
  if (found === null) return EXIT.failed;
  const row = trial === undefined ? championOf(found) : requireBuilt(found, trial);
  const rebuild = async (recipe: string, output: string, places: readonly string[]): Promise<string> => {
    terminal.say(`the model of ${trialName(row.trial)} was collected; it is made again from its recipe`);
    const code = await runRebuild(env, { recipe, output, places, device: env.device }, (line) =>
      terminal.say(line),
    );
    if (code === EXIT.ok) return join(output, 'model');
    throw new UserFault(
      `export: expected the recorded weights again, got exit code ${String(code)}.`,
      EXIT.failed,
    );
  };
  const python = join(env.root, 'python-gpu');
  const options = { folder, withBase, withData: data, python, rebuild };
  const recipe = await exportTrial(store, { found, row }, options).catch(asFault);
  const { weightsSha256 = '' } = recipe.steps.at(-1) ?? {};
  const pushed = push === undefined ? null : await runPush(env, folder, { repository: push, isPublic });
  if (json === true) {
    terminal.print(
      JSON.stringify({
        schemaVersion: 1,
        name,
        trial: recipe.trial,
        folder,
        weightsSha256,
        steps: recipe.steps.length,
        pushed,
      }),
    );
    return EXIT.ok;
  }
  terminal.say(`${name} ${recipe.trial}: ${stepsText(recipe)}, weights SHA-256 ${weightsSha256}`);
  terminal.print(folder);
  if (pushed !== null) terminal.print(pushed);
  sayNext(terminal, [
    [
      `recipe run ${quoted(join(folder, 'recipe.yaml'))}${placesText(withBase)}`,
      'makes it again here, and compares',
    ],
  ]);
  terminal.say(
    `  ${terminal.dim('README.md says how to do that without this program, and what was not tested')}`,
  );
  return EXIT.ok;
}

function stepsText({ steps }: Recipe): string {
  return steps.length === 1 ? 'one step' : `${String(steps.length)} steps`;
}

function placesText(withBase: boolean): string {
  return withBase ? '' : ' --from PATH/TO/BASE';
}

function championOf({ plan, rows, result }: StoredExploration): TrialRecord {
  if (result === null)
    throw new UserFault(
      `export: expected a finished exploration, got ${plan.name}, which has no champion yet. ` +
        `Name a trial: npx lamdagent export ${plan.name} t0003 FOLDER (npx lamdagent leaderboard ${plan.name} shows all).`,
      EXIT.usage,
    );
  const row = rows.find(({ trial }) => trial === result.champion);
  if (row === undefined || row.action === null)
    throw new UserFault(
      `export: expected a champion, got the base: nothing was found that beats it. ` +
        `To have a trial all the same, name it: npx lamdagent export ${plan.name} t0003 FOLDER.`,
    );
  return row;
}

function requireBuilt(found: StoredExploration, trial: string): TrialRecord {
  const row = requireTrial(found, trial, (number) => found.rows.find((one) => one.trial === number));
  if (row.status === 'completed' && row.action !== null) return row;
  const got = row.action === null ? 'the base itself, which you have' : `one that ended as ${row.status}`;
  throw new UserFault(
    `trial: expected one that made a model, got ${trialName(row.trial)}, ${got}.`,
    EXIT.usage,
  );
}

function asFault(error: unknown): never {
  if (error instanceof ExportFault) throw new UserFault(error.message, EXIT.usage);
  if (error instanceof NotInStore) throw new UserFault(error.message);
  throw error;
}
