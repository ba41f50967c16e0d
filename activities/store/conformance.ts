import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { sha256Hex } from '../../domain/stage.js';
import type { Store } from './store.js';

/** What every store must do. `open` gives a new client of one and the same store; `damage` rewrites an object's file. */
export function storeConformance(name: string, open: () => Store): void {
  const id = (text: string): string => sha256Hex(`${name} ${text}`);

  describe(`${name}: a store`, () => {
    it('lets one of many writers of a key win, and keeps what it wrote', async () => {
      const wrote = await Promise.all(
        Array.from({ length: 20 }, (_, i) => open().putIfAbsent('decisions/race/000001.json', String(i))),
      );
      assert.equal(wrote.filter(Boolean).length, 1);
      assert.equal(await open().read('decisions/race/000001.json'), String(wrote.indexOf(true)));
    });

    it('replaces pointers and reads them back', async () => {
      await open().replace('names/x.json', 'one');
      await open().replace('names/x.json', 'two');
      assert.equal(await open().read('names/x.json'), 'two');
    });

    it('lists the keys of a folder in order, not deeper, and nothing for a folder that is not there', async () => {
      for (const key of ['ledger/l/b.json', 'ledger/l/a.json', 'ledger/l/deep/c.json'])
        await open().putIfAbsent(key, '');
      assert.deepEqual(await open().list('ledger/l'), ['ledger/l/a.json', 'ledger/l/b.json']);
      assert.deepEqual(await open().list('ledger/none'), []);
    });

    it('has an object with its manifest, and none before', async () => {
      const store = open();
      assert.equal(await store.manifest(id('one')), null);
      await store.publish(id('one'), 'dataset', [{ path: 'data.jsonl', text: 'row\n' }], { rows: 1 });
      const manifest = await open().manifest(id('one'));
      assert.deepEqual(
        manifest?.files.map(({ path, bytes }) => [path, bytes]),
        [['data.jsonl', 4]],
      );
      assert.equal(await readFile(await open().openFile(id('one'), 'data.jsonl'), 'utf8'), 'row\n');
    });

    it('keeps the first of two publications of one id, also when they race', async () => {
      const publish = (text: string) => open().publish(id('race'), 'dataset', [{ path: 'a', text }], {});
      const manifests = await Promise.all(['first', 'other', 'third'].map(publish));
      assert.equal(new Set(manifests.map((manifest) => JSON.stringify(manifest.files))).size, 1);
    });

    it('never opens a file that is not what the manifest says', async () => {
      await open().publish(id('torn'), 'dataset', [{ path: 'a', text: 'content' }], {});
      const file = await open().openFile(id('torn'), 'a');
      await writeFile(file, 'conten');
      await assert.rejects(open().openFile(id('torn'), 'a'), /expected 7 bytes, got 6/);
      await writeFile(file, 'Content');
      await assert.rejects(open().openFile(id('torn'), 'a'), /expected SHA-256/);
      await assert.rejects(open().openFile(id('torn'), 'b'), /expected a published file b/);
    });

    it('refuses ids and keys that would leave its root', async () => {
      for (const key of ['../x', 'a/../../x', '/etc/x', 'a//b', '', 'a/.hidden'])
        await assert.rejects(open().putIfAbsent(key, ''), /expected plain names/, key);
      for (const bad of ['', '../x', 'A'.repeat(64), `${'a'.repeat(64)}\n`])
        await assert.rejects(async () => open().manifest(bad), /64 hexadecimal/);
      await assert.rejects(
        open().publish(id('bad'), 'x', [{ path: '../../escape', text: '' }], {}),
        /inside the object/,
      );
    });
  });
}
