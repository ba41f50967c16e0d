import assert from 'node:assert/strict';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256Hex } from '../../domain/stage.js';
import { withFolder } from '../../test/harness.js';
import { createFolderStore } from './folder.js';
import { keys } from './keys.js';

const ID = sha256Hex('a foreign object');
const TEXT = 'content of a stranger';

/** A store with a foreign object whose hand-written manifest names one path, and a folder beside the store. */
async function withForeign<T>(
  path: string,
  use: (places: { readonly root: string; readonly folder: string; readonly outside: string }) => Promise<T>,
): Promise<T> {
  return withFolder(async (base) => {
    const [root, outside] = [join(base, 'store'), join(base, 'outside')];
    const folder = join(root, 'objects', ID);
    await mkdir(folder, { recursive: true });
    await mkdir(outside);
    await writeFile(join(outside, 'rows.jsonl'), TEXT);
    const named = path.replace('OUTSIDE', outside);
    const files = [{ path: named, bytes: TEXT.length, sha256: sha256Hex(TEXT) }];
    const manifest = { schemaVersion: 1, stageId: ID, kind: 'evaluate', files, result: {} };
    await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest));
    return use({ root, folder, outside });
  });
}

describe('what a folder store reads never leads out of it', () => {
  for (const path of ['../../../outside/rows.jsonl', 'OUTSIDE/rows.jsonl', 'a/../../x', 'manifest.json'])
    it(`by the path ${path} of a foreign manifest`, async () => {
      await withForeign(path, async ({ root, outside }) => {
        const named = path.replace('OUTSIDE', outside);
        const message = /object file: expected (a path inside the object|another name)/;
        await assert.rejects(createFolderStore(root).openFile(ID, named), message);
      });
    });

  it('by a link to a file, or to a folder on the way', async () => {
    await withForeign('rows.jsonl', async ({ root, folder, outside }) => {
      await symlink(join(outside, 'rows.jsonl'), join(folder, 'rows.jsonl'));
      await assert.rejects(createFolderStore(root).openFile(ID, 'rows.jsonl'), /got a link out of it/);
    });
    await withForeign('deep/rows.jsonl', async ({ root, folder, outside }) => {
      await symlink(outside, join(folder, 'deep'));
      await assert.rejects(createFolderStore(root).openFile(ID, 'deep/rows.jsonl'), /got a link out of it/);
    });
  });

  it('but links inside the object, and a store behind a link, are fine', async () => {
    await withForeign('rows.jsonl', async ({ root, folder, outside }) => {
      await writeFile(join(folder, 'same'), TEXT);
      await symlink('same', join(folder, 'rows.jsonl'));
      await createFolderStore(root).openFile(ID, 'rows.jsonl');
      await symlink(root, join(outside, 'mount'));
      await createFolderStore(join(outside, 'mount')).openFile(ID, 'rows.jsonl');
    });
  });

  it('by a name: of an exploration, a split or an id', async () => {
    await withFolder(async (root) => {
      const store = createFolderStore(root);
      const refused = async (use: () => Promise<unknown>, rule: RegExp): Promise<void> =>
        assert.rejects(async () => use(), rule);
      const key = /store key: expected plain names between slashes/;
      for (const name of ['../x', '..', '/etc/passwd', 'a/../../x', '', 'a\0b', '.hidden']) {
        await refused(() => store.read(keys.name(`${name}/x`)), key);
        await refused(() => store.putIfAbsent(keys.plan(name), '{}'), key);
        await refused(() => store.putIfAbsent(keys.finalRow('x', name, 1), ''), key);
        await refused(() => store.list(keys.decisions(name)), key);
        await refused(() => store.manifest(name), /stage id: expected 64 hexadecimal digits/);
      }
    });
  });
});
