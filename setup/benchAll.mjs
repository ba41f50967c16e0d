// npm run bench [-- --quick] [--only NAME …] [--page FILE]: all benchmark programs, one after another.
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { say, SetupFault } from './progress.mjs';
import { cache, inRoot, root } from './root.mjs';

/** In order: name, options of the whole run, options of the quick one (null: left out), minutes on two cores. */
const PROGRAMS = [
  // Writes the waits that the next one draws from.
  ['recovery', ['--kills', '20', '--notices', '10'], ['--kills', '2', '--notices', '1'], [10, 2]],
  ['preemption', [], ['--repetitions', '20'], [2, 0.5]],
  ['reuse', [], ['--seeds', '5'], [2, 0.5]],
  ['overhead', [], ['--trials', '3', '--rounds', '1', '--parallel', '2'], [30, 3]],
  ['scale', [], QUICK_SCALE(), [65, 4]],
  ['soak', [], ['--minutes', '2'], [65, 3.5]],
  ['policies', [], null, [1, 0]],
  ['evaluation', [], null, [9, 0]],
  ['merge', [], null, [8, 0]],
  ['train', [], null, [10, 0]],
];

function QUICK_SCALE() {
  const sizes = { workers: '1,8', each: '2', trials: '150', explorations: '4', 'side-trials': '8' };
  return Object.entries({ ...sizes, 'single-trials': '60' }).flatMap(([name, value]) => [`--${name}`, value]);
}

/** Runs them by `run(name, options, env)`, which resolves with an exit code; goes on after one that fails. */
export async function benchAll(args, run) {
  const { quick, only, page } = optionsOf(args);
  const file = page ?? (quick ? join(cache, 'benchmarks-quick.md') : inRoot('docs', 'benchmarks.md'));
  const chosen = PROGRAMS.filter(
    ([name, , fast]) => (only?.includes(name) ?? true) && !(quick && fast === null),
  );
  const minutes = chosen.reduce((sum, [, , , [whole, fast]]) => sum + (quick ? fast : whole), 0);
  say(`bench: ${chosen.map(([name]) => name).join(', ')}; about ${String(Math.ceil(minutes))} minutes`);
  const failed = [];
  for (const [name, whole, fast] of chosen) {
    say(`bench: ${name}`);
    const code = await run(name, quick ? fast : whole, { LAMDAGENT_BENCHMARKS_PAGE: file });
    if (code !== 0) failed.push(name);
  }
  const note = quick ? '. Quick figures: small sizes, few repetitions' : '';
  say(`bench: written to ${relative(root, file)}${note}`);
  if (failed.length > 0) say(`bench: failed: ${failed.join(', ')}`);
  return failed.length === 0 ? 0 : 1;
}

function optionsOf(args) {
  const names = PROGRAMS.map(([name]) => name);
  const options = {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true },
    page: { type: 'string' },
  };
  const { values } = parseArgs({ args, options });
  const unknown = values.only?.find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new SetupFault(`only: expected one of ${names.join(', ')}, got ${unknown}.`);
  return values;
}
