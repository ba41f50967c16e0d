import { mkdirSync, mkdtempSync, realpathSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFolderStore } from '../../activities/store/folder.js';
import { keys } from '../../activities/store/keys.js';
import { writeSyntheticLedger } from '../../activities/report/testLedger.js';
import { absolutePaths, parseSpec } from '../../activities/spec/spec.js';
import { chat, jsonLines, sampleSpec, writeWorld } from '../../activities/spec/testSpec.js';

/** A folder where a person works (`cwd`), with a home that knows two explorations: `good`, finished, and `live`. */
export interface World {
  readonly root: string;
  readonly cwd: string;
  readonly home: string;
}

/** Larger than any spec may be. */
const HUGE_BYTES = 3 * 2 ** 20;
const DEEP = 30_000;

/** Files that are no spec, no changes, no action and no data; by a name that says why. */
export const BAD_FILES = [
  ...['missing.yaml', 'folder', 'empty.yaml', 'binary.jsonl', 'latin1.yaml', 'deep.json', 'deep.jsonl'],
  ...['huge.yaml', 'list.json', 'scalar.yaml', 'broken.yaml', 'broken.json', 'bomb.yaml', 'circle.yaml'],
  ...['spec.yaml/inside', 'torn.jsonl.gz', `${'long'.repeat(80)}.yaml`],
] as const;

/** Makes the world, and the bad files in it. */
export async function makeWorld(): Promise<World> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'lamdagent-bad-')));
  const [cwd, home] = [join(root, 'cwd'), join(root, 'home')];
  renameSync(await writeWorld(), cwd);
  writeFileSync(join(cwd, 'spec.yaml'), JSON.stringify(sampleSpec()));
  writeFileSync(join(cwd, 'action.json'), '{"kind": "merge", "models": ["t0001", "t0002"]}');
  const questions = Array.from({ length: 60 }, (_, n) => ({
    messages: chat(`what is ${String(n)} + 1?`, String(n + 1)),
  }));
  writeFileSync(join(cwd, 'chats.jsonl'), jsonLines(questions));
  writeBadFiles(cwd);
  const store = createFolderStore(join(home, 'store'));
  const { explorationId } = await writeSyntheticLedger(store, { trials: 6, name: 'good' });
  await store.putIfAbsent(keys.spec(explorationId), JSON.stringify(absoluteSpec(cwd)));
  await writeSyntheticLedger(store, { trials: 6, name: 'live', isRunning: true });
  mkdirSync(join(root, 'torn/names'), { recursive: true });
  writeFileSync(join(root, 'torn/names/good.json'), '{"explorationId": "go');
  return { root, cwd, home };
}

/** As an exploration keeps it. */
function absoluteSpec(cwd: string): object {
  const parsed = parseSpec(sampleSpec());
  if (!parsed.ok) throw new Error('sample spec: expected a valid one');
  return absolutePaths(parsed.spec, cwd);
}

function writeBadFiles(cwd: string): void {
  const write = (name: string, content: string | Buffer): void => writeFileSync(join(cwd, name), content);
  mkdirSync(join(cwd, 'folder'));
  write('folder/note.txt', 'no model and no benchmark');
  write('empty.yaml', '');
  write('binary.jsonl', Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 149 + 128) % 256)));
  write('latin1.yaml', Buffer.from('name: größe\n', 'latin1'));
  write('deep.json', '['.repeat(DEEP) + ']'.repeat(DEEP));
  write('deep.jsonl', `{"messages": ${'['.repeat(DEEP)}${']'.repeat(DEEP)}}\n`);
  write('huge.yaml', `name: huge\nsetup: ${'x'.repeat(HUGE_BYTES)}\n`);
  write('list.json', '[1, 2, 3]');
  write('scalar.yaml', 'just some words\n');
  write('broken.yaml', 'name: [unclosed\n  models: {\n\t- tab\n');
  write('broken.json', '{"name": "x", "models": }');
  const doubled = Array.from(
    { length: 24 },
    (_, n) => `a${String(n + 1)}: &a${String(n + 1)} [*a${String(n)}, *a${String(n)}]`,
  );
  write('bomb.yaml', ['a0: &a0 [x]', ...doubled, ''].join('\n'));
  symlinkSync('circle.yaml', join(cwd, 'circle.yaml'));
  write('torn.jsonl.gz', Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3]));
}
