import { setTimeout as sleep } from 'node:timers/promises';
import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { ledgerVersion } from '../../activities/report/version.js';
import { loadTracked } from '../../activities/track/runs.js';
import { EXIT } from '../../workers/fault.js';
import { startTracker, TRACKERS, type TrackerName, type TrackerProcess } from '../../workers/tracker.js';
import { requireKnown, type Context, type Run } from '../context.js';
import { listenForInterrupt } from '../interrupt.js';
import { quoted } from '../next.js';
import { example } from '../example.js';

interface Options {
  readonly to: TrackerName;
  readonly follow?: boolean;
  readonly json?: boolean;
}

const LOOK_EVERY_MS = 3000;

/** Reads the store alone, beside whatever runs: no tracker can break or slow a training. */
export function addTrack(program: Command, run: Run): void {
  program
    .command('track')
    .description('write the trials and their curves to an experiment tracker; again: what is new since')
    .argument('<name>')
    .argument('<where>', 'a folder; for mlflow also a tracking URI')
    .addOption(
      new Option('--to <tracker>', 'tensorboard, wandb or mlflow').choices(TRACKERS).makeOptionMandatory(),
    )
    .option('--follow', 'go on until the exploration ends, or Ctrl-C')
    .option('--json', 'data as JSON on stdout')
    .addHelpText('after', example('track my-search ./runs --to tensorboard'))
    .action((name: string, where: string, options: Options) =>
      run((context) => track(context, { name, where: placeOf(where) }, options)),
    );
}

/** A folder as an absolute path; the tracker has its own working folder. */
function placeOf(where: string): string {
  return where.includes('://') ? where : resolve(where);
}

async function track(
  context: Context,
  { name, where }: { readonly name: string; readonly where: string },
  { to, follow, json }: Options,
): Promise<number> {
  await requireKnown(context, name);
  const tracker = startTracker(context.env, to, where);
  const added =
    follow === true ? await followed(context, name, tracker) : (await pass(context, name, tracker)).added;
  await tracker.close();
  context.terminal.print(
    json === true
      ? JSON.stringify({ schemaVersion: 1, name, to, where, added })
      : `${String(added)} new values in ${where}`,
  );
  if (json !== true) context.terminal.say(context.terminal.dim(`look: ${LOOK[to](where)}`));
  return EXIT.ok;
}

const LOOK: Readonly<Record<TrackerName, (where: string) => string>> = {
  tensorboard: (where) => `tensorboard --logdir ${quoted(where)}`,
  wandb: (where) => `wandb sync ${quoted(`${where}/wandb`)}/offline-run-* (this sends it to W&B)`,
  mlflow: (where) =>
    `mlflow ui --backend-store-uri ${quoted(where.includes('://') ? where : `sqlite:///${where}/mlflow.db`)}`,
};

/** Tells the tracker of every run as the store has it now; it leaves out what it has. */
async function pass(
  { store }: Context,
  name: string,
  tracker: TrackerProcess,
  told: Map<string, string> = new Map<string, string>(),
): Promise<{ readonly added: number; readonly isRunning: boolean }> {
  const { runs, isRunning } = (await loadTracked(store, name)) ?? { runs: [], isRunning: false };
  let added = 0;
  for (const run of runs) {
    const text = JSON.stringify(run);
    if (told.get(run.id) === text) continue;
    added += await tracker.write(run);
    told.set(run.id, text);
  }
  return { added, isRunning };
}

async function followed(context: Context, name: string, tracker: TrackerProcess): Promise<number> {
  const interrupt = listenForInterrupt();
  const pressed = interrupt.pressed.then(() => true);
  const told = new Map<string, string>();
  let [added, seen] = [0, ''];
  for (;;) {
    const version = (await ledgerVersion(context.store, name)) ?? '';
    const last = version === seen ? null : await pass(context, name, tracker, told);
    added += last?.added ?? 0;
    if (last?.isRunning === false) return added;
    seen = version;
    if (await Promise.race([pressed, sleep(LOOK_EVERY_MS, false)])) return added;
  }
}
