import { createInterface } from 'node:readline/promises';

/** Asks a person a question at the terminal; an empty answer gives `usual`. */
export type Ask = (question: string, usual?: string) => Promise<string>;

/** Talks on stderr, as all talk does. */
export async function withQuestions<T>(work: (ask: Ask) => Promise<T>): Promise<T> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await work(async (question, usual) => {
      const shown = usual === undefined ? `${question}: ` : `${question} [${usual}]: `;
      const answer = (await terminal.question(shown)).trim();
      return answer === '' ? (usual ?? '') : answer;
    });
  } finally {
    terminal.close();
  }
}
