import { Command, CommanderError } from 'commander';
import { plainText } from '../domain/plainText.js';
import { asFault } from '../workers/asFault.js';
import { EXIT } from '../workers/fault.js';
import { COMMAND_GROUPS, groupsFor, type CommandGroup } from './commands.js';
import { openContext } from './context.js';

const VERSION = '0.1.0';

/** Runs one command; returns its exit code. Faults of the person are one message, bugs have a stack. */
export async function run(argv: readonly string[]): Promise<number> {
  let code: number = EXIT.ok;
  try {
    const program = await createProgram((exitCode) => {
      code = exitCode;
    }, groupsFor(argv));
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const fault = asFault(error);
    process.stderr.write(`${plainText(fault?.message ?? bugText(error))}\n`);
    return fault?.exitCode ?? EXIT.failed;
  }
}

function bugText(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** The command line, with all commands unless some are chosen; `done` hears the exit code of the command that ran. */
export async function createProgram(
  done: (exitCode: number) => void,
  groups: readonly CommandGroup[] = COMMAND_GROUPS,
): Promise<Command> {
  const program = new Command('lamdagent')
    .description(
      'Searches whole post-training pipelines of a language model, durably (LaMDAgent on Temporal)',
    )
    .version(VERSION)
    .exitOverride()
    .showSuggestionAfterError()
    .configureHelp({ showGlobalOptions: false })
    .configureOutput({
      outputError: (text, write) => {
        write(plainText(text));
      },
    });
  const act = async (work: (context: ReturnType<typeof openContext>) => Promise<number>): Promise<void> => {
    done(await work(openContext()));
  };
  for (const add of await Promise.all(groups.map(({ load }) => load()))) add(program, act);
  for (const command of allCommands(program)) command.exitOverride();
  return program;
}

/** Commands and their own commands, in the order of the help. */
export function allCommands(program: Command): readonly Command[] {
  return program.commands.flatMap((command) => [command, ...allCommands(command)]);
}
