import type { Terminal } from './terminal.js';

/** What one may want to do now: a command a line, with what it does. */
export function sayNext(
  terminal: Terminal,
  commands: readonly (readonly [command: string, does: string])[],
): void {
  const width = Math.max(...commands.map(([command]) => command.length));
  terminal.say(terminal.dim('next:'));
  for (const [command, does] of commands)
    terminal.say(`  npx lamdagent ${command.padEnd(width)}  ${terminal.dim(does)}`);
}

/** A path as a shell takes it. */
export function quoted(path: string): string {
  return /^[\w./@:+-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
