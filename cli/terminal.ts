import type { Environment } from '../workers/env.js';

/** Where words and data go: data to stdout, talk to stderr. */
export interface Terminal {
  /** One line of talk. */
  say(line: string): void;
  /** Data. */
  print(text: string): void;
  /** Lines below the talk that are drawn anew each time; without a terminal nothing. */
  live(lines: readonly string[]): void;
  readonly isInteractive: boolean;
  /** Characters that a line of data may have; null: any number, since a file or a program takes it. */
  readonly width: number | null;
  bold(text: string): string;
  dim(text: string): string;
}

/** What a terminal needs of a stream. */
type Stream = Pick<NodeJS.WriteStream, 'write'> & { readonly isTTY?: boolean; readonly columns?: number };

/** Columns where a terminal doesn't say. */
const USUAL_COLUMNS = 100;

export function openTerminal(
  env: Pick<Environment, 'noColor' | 'columns' | 'isDumb'>,
  { stderr, stdout }: { readonly stderr: Stream; readonly stdout: Stream } = process,
): Terminal {
  const isInteractive = stderr.isTTY === true && !env.isDumb;
  const style = (code: string) => (text: string) =>
    isInteractive && !env.noColor ? `\u001b[${code}m${text}\u001b[0m` : text;
  let drawn: readonly string[] = [];
  const erase = (): string => (drawn.length === 0 ? '' : `\u001b[${String(drawn.length)}A\u001b[J`);
  const draw = (lines: readonly string[]): string => lines.map((line) => `${fitted(line)}\n`).join('');
  const fitted = (line: string): string => cut(line, columnsOf(stderr, env) - 1);
  return {
    isInteractive,
    width: env.columns ?? (stdout.isTTY === true ? columnsOf(stdout, env) : null),
    bold: style('1'),
    dim: style('2'),
    say: (line) => stderr.write(isInteractive ? `${erase()}${line}\n${draw(drawn)}` : `${line}\n`),
    print: (text) => stdout.write(`${text}\n`),
    live: (lines) => {
      if (!isInteractive) return;
      const text = `${erase()}${draw(lines)}`;
      drawn = lines;
      stderr.write(text);
    },
  };
}

function columnsOf({ columns = 0 }: Stream, env: Pick<Environment, 'columns'>): number {
  return env.columns ?? (columns > 0 ? columns : USUAL_COLUMNS);
}

/** Cuts a line to the terminal's width; styled lines are counted without their escapes. */
function cut(line: string, width: number): string {
  const bare = line.replace(/\u001b\[\d+m/g, '');
  return bare.length <= width ? line : `${bare.slice(0, width - 1)}…`;
}
