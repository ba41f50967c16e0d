// npx tsx test/transcript.ts: walks the way of docs/own-model.md for real, and writes what was shown into it.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withGenerated } from '../activities/spec/generatedDocs.js';
import { personsFolder, removeFolder, walk, type Shown } from './ownModel.js';

const BEGIN = '<!-- transcript: written by test/transcript.ts -->';
const END = '<!-- end of the transcript -->';
/** Progress by the second, and the leaderboard after each trial. */
const PASSING = /^ +((t\d{4}|confirm-\S+|test-\S+) .*|# +trial .*|\d+ +t\d{4} .*)$/;
const LENGTH = { rows: 480, trials: 6 };
const page = join(import.meta.dirname, '../docs/own-model.md');

const folder = personsFolder(LENGTH);
try {
  const shown = await walk(folder, LENGTH);
  const text = ['```console', ...shown.map((one) => textOf(one, folder)), '```'].join('\n');
  writeFileSync(page, withGenerated(readFileSync(page, 'utf8'), { begin: BEGIN, end: END }, text));
} finally {
  removeFolder(folder);
}

/** As a person sees it in their own folder. */
function textOf({ command, output }: Shown, folder: string): string {
  const lines = output
    .replaceAll(`${folder}/`, '')
    .replaceAll(folder, '.')
    .trimEnd()
    .split('\n')
    .filter((line) => !PASSING.test(line));
  const typed = command.replace(/^lamdagent/, 'npx lamdagent');
  return [`$ ${typed}`, ...lines, ''].join('\n');
}
