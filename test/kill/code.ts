import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './spec.js';

/** A change of the product's code: the text that must be there once, and what takes its place. */
export interface Mutation {
  /** Relative to the package's root: `dist/…` or `python-gpu/lamdagent_gpu/…`. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** A copy of the built package that a world runs: it stays what it was, whatever happens to the original meanwhile. */
export interface Code {
  readonly root: string;
  remove(): void;
}

const COPIED = ['package.json', 'dist', 'bin', 'examples', 'contract', 'python-gpu/lamdagent_gpu'];
const LINKED = ['node_modules', '.venv'];

/** Copies the package, then changes the copy. Throws when a text to change is not there exactly once. */
export function copyCode(mutations: readonly Mutation[] = []): Code {
  if (!existsSync(join(ROOT, 'dist', 'workflow-bundle.js')))
    throw new Error('dist: expected the built package, got none. Run `npm run build`.');
  const root = mkdtempSync(join(tmpdir(), 'lamdagent-code-'));
  mkdirSync(join(root, 'python-gpu'));
  for (const name of COPIED) cpSync(join(ROOT, name), join(root, name), { recursive: true });
  for (const name of LINKED) symlinkSync(join(ROOT, name), join(root, name));
  for (const mutation of mutations) mutate(root, mutation);
  return {
    root,
    remove: () => {
      rmSync(root, { recursive: true, force: true });
    },
  };
}

function mutate(root: string, { file, find, replace }: Mutation): void {
  const path = join(root, file);
  const text = readFileSync(path, 'utf8');
  const count = text.split(find).length - 1;
  if (count !== 1)
    throw new Error(
      `${file}: expected ${JSON.stringify(find)} once, got it ${String(count)} times. Mend the mutation.`,
    );
  writeFileSync(
    path,
    text.replace(find, () => replace),
  );
}
