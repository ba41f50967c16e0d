import type { Command } from 'commander';
import { formatFaults } from '../../activities/spec/faults.js';
import type { Spec } from '../../activities/spec/schema.js';
import { parseSpec, readSpecFile } from '../../activities/spec/spec.js';
import { loadEstimate } from '../../activities/ledger/estimate.js';
import { estimateLines } from '../../domain/estimate.js';
import { connectTo, findService } from '../../workers/connect.js';
import { EXIT, UserFault } from '../../workers/fault.js';
import { makeHome } from '../../workers/home.js';
import type { Context, Run } from '../context.js';
import { example } from '../example.js';
import { follow } from '../follow.js';
import { listenForInterrupt } from '../interrupt.js';
import { finishedBefore, launch, type Wanted } from '../launch.js';
import { sayNext } from '../next.js';
import { showOutcome, showResult } from '../outcome.js';

interface Options {
  readonly follow?: boolean;
  readonly fresh?: boolean;
  readonly warmStart?: string;
}

export function addStart(program: Command, run: Run): void {
  program
    .command('start')
    .description(
      'start an exploration on a running Temporal service; a second start of the same one attaches to it',
    )
    .argument('<spec>', 'YAML or JSON file')
    .option('--follow', 'show it until it ends')
    .option('--fresh', 'begin a new exploration under the same name')
    .option('--warm-start <other>', 'begin with the trials of another exploration, by name or id')
    .addHelpText('after', example('start spec.yaml --follow'))
    .action((file: string, options: Options) => run((context) => start(context, file, options)));
}

async function start(context: Context, file: string, options: Options): Promise<number> {
  const parsed = await readSpecFile(file);
  if (!parsed.ok) throw new UserFault(formatFaults(parsed.faults), EXIT.usage);
  return startSpec(context, warmed(parsed.spec, options.warmStart), options);
}

function warmed(spec: Spec, warmStart: string | undefined): Spec {
  if (warmStart === undefined) return spec;
  const parsed = parseSpec({ ...spec, inherit: { from: warmStart } });
  if (!parsed.ok) throw new UserFault(formatFaults(parsed.faults), EXIT.usage);
  return parsed.spec;
}

/** Starts the checked spec, or attaches to it; with `follow` until it ends. Returns the exit code. */
export async function startSpec(
  context: Context,
  spec: Spec,
  options: Pick<Options, 'follow' | 'fresh'>,
): Promise<number> {
  const wanted: Wanted = { spec, fresh: options.fresh ?? false, asked: 'all' };
  const before = await finishedBefore(context, wanted);
  if (before !== null) {
    context.terminal.say(`exploration ${spec.name} is finished already (--fresh begins a new one)`);
    await showResult(context, spec.name, before);
    return EXIT.ok;
  }
  const service = await findService(context.env);
  const client = await connectTo(service);
  makeHome(context.home);
  for (const line of estimateLines(await loadEstimate(context.store, spec))) context.terminal.say(line);
  const launched = await launch(context, client, wanted);
  const words = {
    started: 'started',
    attached: 'runs already',
    finished: 'is finished already (--fresh begins a new one)',
  };
  context.terminal.say(
    `exploration ${spec.name} ${words[launched]}${service.webUi === null ? '' : `; Web UI: ${service.webUi}`}`,
  );
  if (launched !== 'finished' && options.follow !== true) {
    sayNext(context.terminal, [
      [`watch ${spec.name}`, 'follows it until it ends'],
      [`report ${spec.name} --serve`, 'shows it in the browser, live'],
      [`stop ${spec.name}`, 'ends the search; the best so far is confirmed and tested'],
    ]);
    return EXIT.ok;
  }
  const { signal } = listenForInterrupt();
  await follow({ client, name: spec.name, terminal: context.terminal, signal });
  if (!signal.aborted) return showOutcome(context, client, spec.name);
  context.terminal.say(
    `it goes on without this terminal; \`npx lamdagent watch ${spec.name}\` shows it again`,
  );
  return EXIT.interrupted;
}
