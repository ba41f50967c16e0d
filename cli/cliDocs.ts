import type { Command } from 'commander';
import { markdownTable } from '../activities/spec/generatedDocs.js';
import { allCommands } from './main.js';

export const DOCS_BEGIN = '<!-- commands: written by cli/writeCliDocs.ts -->';
export const DOCS_END = '<!-- end of the commands -->';
/** Columns of the help as it stands in the page. */
const WIDTH = 100;

/** All commands: a table, then the help of each, as the program itself gives it. */
export function commandDocs(program: Command): string {
  const commands = allCommands(program);
  const rows = commands.map((command) => {
    const name = fullName(command);
    return [`[\`${name}\`](#${name.replaceAll(' ', '-')})`, command.description()];
  });
  const sections = commands.map((command) =>
    [`### ${fullName(command)}`, '', '```text', helpOf(command), '```'].join('\n'),
  );
  return [markdownTable(['command', 'what it does'], rows), ...sections].join('\n\n');
}

/** What `--help` shows, examples included. */
export function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({
    writeOut: (more) => {
      text += more;
    },
    getOutHelpWidth: () => WIDTH,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  return text.trim();
}

/** `recipe run`: a command of a command has both names. */
export function fullName(command: Command): string {
  const { parent } = command;
  return parent?.parent ? `${parent.name()} ${command.name()}` : command.name();
}
