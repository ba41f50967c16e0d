import { Command, CommanderError } from 'commander';
import { EXIT, UserFault } from '../workers/fault.js';
import { addAudit } from './commands/audit.js';
import { addBudget } from './commands/budget.js';
import { addControls } from './commands/control.js';
import { addCompletion } from './commands/completion.js';
import { addDoctor } from './commands/doctor.js';
import { addExport } from './commands/export.js';
import { addFork } from './commands/fork.js';
import { addGpuWorker } from './commands/gpuWorker.js';
import { addGc } from './commands/gc.js';
import { addInit } from './commands/init.js';
import { addPropose } from './commands/propose.js';
import { addQuickstart } from './commands/quickstart.js';
import { addShow } from './commands/show.js';
import { addRecipe } from './commands/recipe.js';
import { addReport } from './commands/report.js';
import { addScale } from './commands/scale.js';
import { addStart } from './commands/start.js';
import { addSteer } from './commands/steer.js';
import { addTrack } from './commands/track.js';
import { addUp } from './commands/up.js';
import { addValidate } from './commands/validate.js';
import { addViews } from './commands/views.js';
import { addWatch } from './commands/watch.js';
import { openContext } from './context.js';

const VERSION = '0.1.0';

/** Runs one command; returns its exit code. Faults of the person are one message, bugs have a stack. */
export async function run(argv: readonly string[]): Promise<number> {
  let code: number = EXIT.ok;
  const program = createProgram((exitCode) => {
    code = exitCode;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const isFault = error instanceof UserFault;
    console.error(
      isFault || !(error instanceof Error) ? String(error).replace(/^UserFault: /, '') : error.stack,
    );
    return isFault ? error.exitCode : EXIT.failed;
  }
}

/** The whole command line; `done` hears the exit code of the command that ran. */
export function createProgram(done: (exitCode: number) => void): Command {
  const program = new Command('lamdagent')
    .description(
      'Searches whole post-training pipelines of a language model, durably (LaMDAgent on Temporal)',
    )
    .version(VERSION)
    .exitOverride()
    .showSuggestionAfterError()
    .configureHelp({ showGlobalOptions: false });
  const act = async (work: (context: ReturnType<typeof openContext>) => Promise<number>): Promise<void> => {
    done(await work(openContext()));
  };
  for (const add of [
    addQuickstart,
    addInit,
    addUp,
    addGpuWorker,
    addStart,
    addViews,
    addReport,
    addShow,
    addTrack,
    addExport,
    addRecipe,
    addAudit,
    addWatch,
    addScale,
    addControls,
    addSteer,
    addPropose,
    addBudget,
    addFork,
    addValidate,
    addDoctor,
    addGc,
    addCompletion,
  ])
    add(program, act);
  for (const command of allCommands(program)) command.exitOverride();
  return program;
}

/** Commands and their own commands, in the order of the help. */
export function allCommands(program: Command): readonly Command[] {
  return program.commands.flatMap((command) => [command, ...allCommands(command)]);
}
