import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { sha256Hex } from '../../domain/stage.js';
import type { Store } from './store.js';

const ID = sha256Hex('an object');
const ESCAPES = [
  '../out',
  'a/../../out',
  '/etc/passwd',
  'a//b',
  '',
  '.',
  'a/.hidden',
  'a\\b',
  'a\0b',
  'names/..',
];

/** A new, empty place and the ways to it. */
export interface StoreUnderTest {
  readonly store: Store;
  /** Another handle on the same place, as a process on another machine would have. */
  open(): Store;
  /** Changes the stored bytes of a published object's file, behind the store's back. */
  damage(stageId: string, path: string, text: string): Promise<void>;
}

/** What every store promises. */
export function storeConformance(name: string, create: () => Promise<StoreUnderTest>): void {
  describe(`${name} keeps what a store promises`, () => {
    let under: StoreUnderTest;
    beforeEach(async () => {
      under = await create();
    });
    const store = (): Store => under.store;
    const open = (): Store => under.open();
    records(store, open);
    objects(store, open);
    damages(store, () => under);
    removals(store, open);
    leftovers(store, open);
  });
}

function records(store: () => Store, open: () => Store): void {
  it('puts a record once: of many writers one wins, and all read the winner', async () => {
    const writers = Array.from({ length: 20 }, (_, index) => `writer ${String(index)}`);
    const won = await Promise.all(writers.map((text) => open().putIfAbsent('decisions/x/000001.json', text)));
    assert.equal(won.filter(Boolean).length, 1);
    assert.equal(await store().read('decisions/x/000001.json'), writers[won.indexOf(true)]);
  });

  it('replaces a pointer, and readers see the old or the new one whole', async () => {
    const texts = ['a', 'b'].map((letter) => letter.repeat(200_000));
    await store().replace('names/x.json', texts[0] ?? '');
    const write = async (): Promise<void> => {
      for (let turn = 0; turn < 20; turn += 1) await store().replace('names/x.json', texts[turn % 2] ?? '');
    };
    const read = async (): Promise<void> => {
      for (let turn = 0; turn < 40; turn += 1)
        assert.ok(texts.includes((await open().read('names/x.json')) ?? ''));
    };
    await Promise.all([write(), read()]);
  });

  it('reads null and lists nothing where nothing is', async () => {
    assert.equal(await store().read('names/none.json'), null);
    assert.deepEqual(await store().list('ledger/none/rows'), []);
  });

  it('lists the keys right under a folder key, sorted', async () => {
    for (const key of [
      'l/x/rows/000002.json',
      'l/x/rows/000000.json',
      'l/x/rows/deep/1.json',
      'l/x/plan.json',
    ])
      await store().putIfAbsent(key, '{}');
    assert.deepEqual(await store().list('l/x/rows'), ['l/x/rows/000000.json', 'l/x/rows/000002.json']);
  });

  it('refuses keys that would leave it', async () => {
    for (const key of ESCAPES) {
      await assert.rejects(async () => store().read(key), /store key: expected plain names/);
      await assert.rejects(async () => store().putIfAbsent(key, ''), /store key/);
      await assert.rejects(async () => store().replace(key, ''), /store key/);
      await assert.rejects(async () => store().list(key), /store key/);
    }
  });
}

function objects(store: () => Store, open: () => Store): void {
  const files = [
    { path: 'b.txt', text: 'bee' },
    { path: 'adapter/a.txt', text: 'ay' },
  ];

  it('publishes files with their sizes and hashes, in path order', async () => {
    const manifest = await store().publish(ID, 'model', files, { parameterCount: 3 });
    assert.deepEqual(manifest.files, [
      { path: 'adapter/a.txt', bytes: 2, sha256: sha256Hex('ay') },
      { path: 'b.txt', bytes: 3, sha256: sha256Hex('bee') },
    ]);
    assert.deepEqual(await open().manifest(ID), manifest);
    assert.equal(await readFile(await open().openFile(ID, 'adapter/a.txt'), 'utf8'), 'ay');
  });

  it('keeps the first of two publications', async () => {
    await store().publish(ID, 'model', files, { first: true });
    const again = await open().publish(ID, 'model', [{ path: 'b.txt', text: 'other' }], { first: false });
    assert.deepEqual(again.result, { first: true });
  });

  it('gives all of many publishers the one manifest that won', async () => {
    const all = await Promise.all(
      Array.from({ length: 8 }, (_, writer) => open().publish(ID, 'model', files, { writer })),
    );
    const winner = await store().manifest(ID);
    for (const manifest of all) assert.deepEqual(manifest, winner);
  });

  it('has no object, and no file of it, before it is published', async () => {
    assert.equal(await store().manifest(ID), null);
    await assert.rejects(store().openFile(ID, 'b.txt'), /expected a published file b\.txt, got none/);
  });

  it('refuses ids and paths that would leave it', async () => {
    for (const id of ['../x', ID.toUpperCase(), ID.slice(1), `${ID}/..`, `${ID}\n`, '']) {
      await assert.rejects(async () => store().manifest(id), /stage id: expected 64 hexadecimal digits/);
      await assert.rejects(async () => store().publish(id, 'model', files, {}), /stage id/);
    }
    for (const path of ['../b.txt', '/tmp/b.txt', 'a/../../b.txt', '.', 'manifest.json'])
      await assert.rejects(store().publish(ID, 'model', [{ path, text: '' }], {}), /object file: expected/);
    assert.equal(await store().manifest(ID), null);
  });
}

function damages(store: () => Store, under: () => StoreUnderTest): void {
  it('finds a changed file when it is opened', async () => {
    await store().publish(ID, 'model', [{ path: 'adapter/b.txt', text: 'bee' }], {});
    await under().damage(ID, 'adapter/b.txt', 'bad');
    await assert.rejects(
      under().open().openFile(ID, 'adapter/b.txt'),
      /b\.txt: expected SHA-256 [0-9a-f]{64}, got [0-9a-f]{64}/,
    );
    await under().damage(ID, 'adapter/b.txt', 'longer');
    await assert.rejects(store().openFile(ID, 'adapter/b.txt'), /b\.txt: expected 3 bytes, got 6/);
  });
}

function removals(store: () => Store, open: () => Store): void {
  const publish = (text: string) => store().publish(ID, 'sft', [{ path: 'sub/b.txt', text }], { text });
  const read = async (): Promise<string> => readFile(await open().openFile(ID, 'sub/b.txt'), 'utf8');

  it('lists published objects with what they take', async () => {
    assert.deepEqual(await store().objects(), []);
    const began = Date.now();
    await publish('bee');
    const [object, ...others] = await open().objects();
    assert.deepEqual(others, []);
    assert.equal(object?.stageId, ID);
    assert.ok(object.bytes > 3 && object.bytes < 1000);
    assert.ok(Math.abs(Date.parse(object.publishedAt) - began) < 60_000);
  });

  it('takes an object away for every reader, and has it made anew', async () => {
    await publish('first');
    assert.equal(await read(), 'first');
    assert.equal(await open().remove(ID), true);
    assert.equal(await store().manifest(ID), null);
    await assert.rejects(read(), /expected a published file/);
    assert.deepEqual(await store().objects(), []);
    assert.equal(await store().remove(ID), false);
    await publish('second');
    assert.equal(await read(), 'second');
  });

  it('brings an object back when it turns out to be wanted, or when asking fails', async () => {
    const made = await publish('wanted');
    const seen: unknown[] = [];
    const unwanted = async (): Promise<boolean> => {
      seen.push(await open().manifest(ID));
      return false;
    };
    assert.equal(await store().remove(ID, unwanted), false);
    assert.deepEqual(seen, [null]);
    await assert.rejects(
      store().remove(ID, () => Promise.reject(new Error('no answer'))),
      /no answer/,
    );
    assert.deepEqual(await open().manifest(ID), made);
    assert.equal(await read(), 'wanted');
  });

  it('leaves whole what is published anew while it goes', async () => {
    for (const goes of [true, false]) {
      await publish('old');
      const meanwhile = async (): Promise<boolean> => {
        await open().publish(ID, 'sft', [{ path: 'sub/b.txt', text: 'old' }], {});
        return goes;
      };
      await store().remove(ID, meanwhile);
      assert.equal(await read(), 'old');
    }
  });
}

function leftovers(store: () => Store, open: () => Store): void {
  const later = (): Date => new Date(Date.now() + 3_600_000);

  it('finds the work areas of published stages once they are old, and clears them', async () => {
    const other = sha256Hex('not published');
    await store().publish(ID, 'sft', [{ path: 'a', text: 'a' }], {});
    for (const stageId of [ID, other])
      await store().putIfAbsent(`work/${stageId}/attempts/000001.json`, '{"attempt":1}');
    assert.deepEqual(await open().leftovers(new Date(Date.now() - 3_600_000)), []);
    const found = await open().leftovers(later());
    assert.deepEqual(found, [{ kind: 'work', name: `work/${ID}`, bytes: 13 }]);
    for (const one of found) await open().sweep(one);
    assert.deepEqual(await store().leftovers(later()), []);
    assert.deepEqual(await store().list(`work/${ID}/attempts`), []);
    assert.deepEqual(await store().list(`work/${other}/attempts`), [`work/${other}/attempts/000001.json`]);
    assert.notEqual(await store().manifest(ID), null);
  });
}
