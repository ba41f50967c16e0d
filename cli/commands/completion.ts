import { Argument, type Command } from 'commander';
import { EXIT } from '../../workers/fault.js';
import { completionScript, SHELLS, type Shell } from '../completion.js';
import type { Run } from '../context.js';
import { example } from '../example.js';

export function addCompletion(program: Command, run: Run): void {
  program
    .command('completion')
    .description('print the completion script of a shell')
    .addArgument(new Argument('<shell>', 'whose').choices(SHELLS))
    .addHelpText('after', example('completion bash > ~/.local/share/bash-completion/completions/lamdagent'))
    .action((shell: Shell) =>
      run(({ terminal }) => {
        terminal.print(completionScript(shell, program).trimEnd());
        return Promise.resolve(EXIT.ok);
      }),
    );
}
