import type { Command } from 'commander';
import type { Reason } from '../../workflows/messages.js';
import type { Run } from '../context.js';
import { example } from '../example.js';
import { sayNext } from '../next.js';
import { sendUpdate } from '../update.js';

const MEANINGS = {
  stop: 'end the search now; the best so far is confirmed and tested',
  pause: 'let trials in flight go on, start no new ones',
  resume: 'go on after a pause',
} as const;

const EXAMPLES: Readonly<Record<keyof typeof MEANINGS, string>> = {
  stop: 'stop my-search --reason "good enough"',
  pause: 'pause my-search --reason "the machine is needed"',
  resume: 'resume my-search',
};

/** stop, pause, resume: updates of the exploration's workflow. */
export function addControls(program: Command, run: Run): void {
  for (const [update, meaning] of Object.entries(MEANINGS))
    program
      .command(update)
      .description(meaning)
      .argument('<name>')
      .option('--reason <text>', 'why, for the record')
      .addHelpText('after', example(EXAMPLES[update as keyof typeof MEANINGS]))
      .action((name: string, reason: Reason) =>
        run(async (context) => {
          const code = await sendUpdate(context, { update, name, input: reason });
          sayNext(context.terminal, [NEXT[update as keyof typeof MEANINGS](name)]);
          return code;
        }),
      );
}

const NEXT: Readonly<Record<keyof typeof MEANINGS, (name: string) => readonly [string, string]>> = {
  stop: (name) => [`watch ${name}`, 'follows it until the champion is confirmed and tested'],
  pause: (name) => [`resume ${name}`, 'goes on'],
  resume: (name) => [`watch ${name}`, 'follows it until it ends'],
};
