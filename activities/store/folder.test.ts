import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256Hex } from '../../domain/stage.js';
import { storeConformance } from './conformance.js';
import { createFolderStore } from './folder.js';

const folders: string[] = [];
async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'lamdagent-store-'));
  folders.push(folder);
  return folder;
}
after(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

storeConformance('the folder store', async () => {
  const folder = await newFolder();
  return {
    store: createFolderStore(folder),
    open: () => createFolderStore(folder),
    damage: (stageId, path, text) => writeFile(join(folder, 'objects', stageId, path), text),
  };
});

describe('the folder store', () => {
  const id = sha256Hex('an object');

  it('does not see an object without a manifest, and makes it anew', async () => {
    const folder = await newFolder();
    const store = createFolderStore(folder);
    await mkdir(join(folder, 'objects', id), { recursive: true });
    await writeFile(join(folder, 'objects', id, 'half.txt'), 'ha');
    assert.equal(await store.manifest(id), null);
    await store.publish(id, 'model', [{ path: 'whole.txt', text: 'whole' }], {});
    assert.deepEqual(await readdir(join(folder, 'objects', id)), ['manifest.json', 'whole.txt']);
  });

  it('says which manifest is broken', async () => {
    const folder = await newFolder();
    await mkdir(join(folder, 'objects', id), { recursive: true });
    await writeFile(join(folder, 'objects', id, 'manifest.json'), '{"schemaVersion":1');
    await assert.rejects(
      createFolderStore(folder).manifest(id),
      new RegExp(`object ${id}: expected its manifest`),
    );
  });

  it('publishes nothing of a file that changed since it was hashed', async () => {
    const folder = await newFolder();
    const store = createFolderStore(folder);
    const file = join(folder, 'source.txt');
    await writeFile(file, 'new');
    const source = { path: 'a.txt', file, sha256: sha256Hex('old') };
    await assert.rejects(store.publish(id, 'dataset', [source], {}), /It changed while it was imported/);
    assert.equal(await store.manifest(id), null);
  });

  it('leaves nothing behind where it stages', async () => {
    const folder = await newFolder();
    const store = createFolderStore(folder);
    await store.putIfAbsent('names/a.json', '1');
    await store.putIfAbsent('names/a.json', '2');
    await store.replace('names/a.json', '3');
    for (const text of ['x', 'y']) await store.publish(id, 'model', [{ path: 'a', text }], {});
    await assert.rejects(
      store.publish(sha256Hex('b'), 'model', [{ path: 'a', file: join(folder, 'no') }], {}),
    );
    assert.deepEqual(await readdir(join(folder, 'tmp')), []);
  });

  it('is the layout that the GPU worker reads', async () => {
    const folder = await newFolder();
    await createFolderStore(folder).publish(id, 'dataset', [{ path: 'data.jsonl', text: '{}\n' }], {
      rows: 1,
    });
    await createFolderStore(folder).putIfAbsent('names/a.json', '{}');
    assert.deepEqual((await readdir(join(folder, 'objects', id))).sort(), ['data.jsonl', 'manifest.json']);
    assert.deepEqual(await readdir(join(folder, 'names')), ['a.json']);
  });

  it('finds what died on its way into it, and clears that alone', async () => {
    const folder = await newFolder();
    const store = createFolderStore(folder);
    await store.publish(id, 'model', [{ path: 'a', text: 'a' }], {});
    await mkdir(join(folder, 'tmp', 'half', 'sub'), { recursive: true });
    await writeFile(join(folder, 'tmp', 'half', 'sub', 'b'), 'bytes');
    const torn = sha256Hex('torn');
    await mkdir(join(folder, 'objects', torn));
    await writeFile(join(folder, 'objects', torn, 'c'), 'cc');
    const found = await store.leftovers(new Date(Date.now() + 60_000));
    assert.deepEqual(found, [
      { kind: 'staged', name: 'tmp/half', bytes: 5 },
      { kind: 'unpublished', name: `objects/${torn}`, bytes: 2 },
    ]);
    for (const one of found) await store.sweep(one);
    assert.deepEqual(await readdir(join(folder, 'objects')), [id]);
    assert.deepEqual(await readdir(join(folder, 'tmp')), []);
    await assert.rejects(
      store.sweep({ kind: 'staged', name: '../elsewhere', bytes: 0 }),
      /expected a path inside/,
    );
  });
});
