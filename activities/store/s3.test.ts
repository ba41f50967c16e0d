import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateMultipartUploadCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { sha256Hex } from '../../domain/stage.js';
import {
  FAULT_KINDS,
  LATE_MS,
  startFaultProxy,
  type FaultKind,
  type FaultProxy,
} from '../../test/faultProxy.js';
import { startS3Server, type S3Server } from '../../test/s3Server.js';
import { storeConformance, type StoreUnderTest } from './conformance.js';
import { createS3Store } from './s3.js';
import { parseS3Location } from './s3Location.js';
import type { S3Limits } from './s3Retry.js';
import type { Store } from './store.js';

const ID = sha256Hex('an object');
const BUCKET = 'lamdagent';
const CREDENTIALS = { accessKeyId: 'a', secretAccessKey: 'b' };
/** Pauses and silences that a test can afford. */
const QUICK: Partial<S3Limits> = { timeLimitMs: 1500, tries: 16, firstPauseMs: 10, partBytes: 5 * 2 ** 20 };

let server: S3Server;
let raw: S3Client;
const folders: string[] = [];

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'lamdagent-s3-'));
  folders.push(folder);
  return folder;
}

function connect(endpoint: string) {
  return { endpoint, region: 'us-east-1', credentials: CREDENTIALS };
}

function openAt(
  prefix: string,
  cacheFolder: string,
  more: { endpoint?: string; limits?: Partial<S3Limits> } = {},
) {
  const connection = connect(more.endpoint ?? server.endpoint);
  return createS3Store(`s3://${BUCKET}/${prefix}`, { cacheFolder, connection, limits: more.limits ?? {} });
}

before(async () => {
  server = await startS3Server();
  raw = new S3Client({ ...connect(server.endpoint), forcePathStyle: true });
});
after(async () => {
  await server.close();
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
});

/** A new prefix; each handle has a cache of its own, as another machine has. */
async function newPlace(
  options: { endpoint?: string; limits?: Partial<S3Limits> } = {},
): Promise<StoreUnderTest> {
  const prefix = randomUUID();
  const caches = await newFolder();
  const open = (): Store => openAt(prefix, join(caches, randomUUID()), options);
  return {
    store: open(),
    open,
    damage: async (stageId, path, text) => {
      const file = (await open().manifest(stageId))?.files.find((one) => one.path === path);
      await putRaw(`${prefix}/objects/${stageId}/files/${String(file?.sha256)}`, text);
    },
  };
}

async function putRaw(key: string, text: string): Promise<void> {
  await raw.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: text }));
}

async function textAt(key: string): Promise<string | undefined> {
  return (await raw.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }))).Body?.transformToString();
}

async function keysUnder(prefix: string): Promise<readonly string[]> {
  const page = await raw.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix: `${prefix}/` }));
  return (page.Contents ?? []).map(({ Key = '' }) => Key.slice(prefix.length + 1)).sort();
}

storeConformance('the S3 store', newPlace);

describe('the S3 store', () => {
  it('has the keys that the GPU worker reads', async () => {
    const store = openAt('layout', await newFolder());
    await store.putIfAbsent('names/a.json', '{}');
    const files = [
      { path: 'data.jsonl', text: '{}\n' },
      { path: 'sub/same.jsonl', text: '{}\n' },
    ];
    const manifest = await store.publish(ID, 'dataset', files, { rows: 1 });
    assert.deepEqual(await keysUnder('layout'), [
      'names/a.json',
      `objects/${ID}/files/${sha256Hex('{}\n')}`,
      `objects/${ID}/manifest.json`,
    ]);
    assert.equal(await textAt(`layout/objects/${ID}/files/${sha256Hex('{}\n')}`), '{}\n');
    assert.deepEqual(JSON.parse((await textAt(`layout/objects/${ID}/manifest.json`)) ?? ''), manifest);
    assert.deepEqual(manifest.files, [
      { path: 'data.jsonl', bytes: 3, sha256: sha256Hex('{}\n') },
      { path: 'sub/same.jsonl', bytes: 3, sha256: sha256Hex('{}\n') },
    ]);
  });

  it('keeps its copies as a folder store, and fetches a damaged or foreign copy again', async () => {
    const cache = await newFolder();
    const store = openAt('copies', cache);
    await store.publish(ID, 'model', [{ path: 'sub/a.txt', text: 'whole' }], {});
    const copy = await store.openFile(ID, 'sub/a.txt');
    assert.equal(copy, join(cache, 'objects', ID, 'sub', 'a.txt'));
    await writeFile(copy, 'wh');
    assert.equal(await readFile(await store.openFile(ID, 'sub/a.txt'), 'utf8'), 'whole');
    await writeFile(copy, 'elohw');
    assert.equal(await readFile(await openAt('copies', cache).openFile(ID, 'sub/a.txt'), 'utf8'), 'whole');
    const other = openAt('elsewhere', cache);
    await other.publish(ID, 'model', [{ path: 'sub/a.txt', text: 'other' }], {});
    assert.equal(await readFile(await other.openFile(ID, 'sub/a.txt'), 'utf8'), 'other');
    assert.deepEqual(await readdir(join(cache, 'tmp')), []);
  });

  it('never writes a copy outside its folder, whatever a manifest says', async () => {
    const store = openAt('hostile', await newFolder());
    const file = { path: '../../escaped.txt', bytes: 1, sha256: sha256Hex('x') };
    const manifest = { schemaVersion: 1, stageId: ID, kind: 'model', files: [file], result: {} };
    await putRaw(`hostile/objects/${ID}/manifest.json`, JSON.stringify(manifest));
    await putRaw(`hostile/objects/${ID}/files/${file.sha256}`, 'x');
    await assert.rejects(store.openFile(ID, file.path), /object file: expected a path inside the object/);
  });

  it('lists all pages', async () => {
    const store = openAt('pages', await newFolder(), { limits: { pageKeys: 3 } });
    const keys = Array.from({ length: 10 }, (_, index) => `l/${String(index)}.json`);
    for (const key of [...keys].reverse()) await store.putIfAbsent(key, '');
    assert.deepEqual(await store.list('l'), keys);
  });

  it('says what to do when it is refused or there is no bucket', async () => {
    const store = createS3Store('s3://no-such-bucket/x', {
      cacheFolder: await newFolder(),
      connection: connect(server.endpoint),
    });
    await assert.rejects(
      store.read('names/a.json'),
      /read s3:\/\/no-such-bucket\/x\/names\/a\.json: .*NoSuchBucket.*Make the bucket, or mend LAMDAGENT_STORE\./,
    );
    await assert.rejects(store.putIfAbsent('names/a.json', ''), /NoSuchBucket/);
    await assert.rejects(store.manifest(ID), /NoSuchBucket/);
  });

  it('refuses places that are none', () => {
    for (const place of ['s3://', 's3://UPPER/x', 's3://bucket/../x', 's3://bucket//x', 'bucket/x'])
      assert.throws(() => parseS3Location(place), /store: expected a folder or s3:\/\/bucket\/prefix/);
    assert.deepEqual(parseS3Location('s3://a-bucket/x/y/').prefix, 'x/y/');
    assert.deepEqual(parseS3Location('s3://a-bucket').prefix, '');
  });

  it('uploads a large file in parts, and nothing of one that changed since it was hashed', async () => {
    const folder = await newFolder();
    const store = openAt('large', join(folder, 'cache'), { limits: { partBytes: 5 * 2 ** 20 } });
    const bytes = Buffer.alloc(11 * 2 ** 20, 'weights ');
    await writeFile(join(folder, 'model.safetensors'), bytes);
    const source = { path: 'model.safetensors', file: join(folder, 'model.safetensors') };
    const manifest = await store.publish(ID, 'model', [source], {});
    assert.equal(manifest.files[0]?.bytes, bytes.length);
    const opened = await readFile(await store.openFile(ID, 'model.safetensors'));
    assert.ok(opened.equals(bytes));
    const other = sha256Hex('another');
    await assert.rejects(
      store.publish(other, 'model', [{ ...source, sha256: sha256Hex('old') }], {}),
      /It changed while it was imported/,
    );
    assert.equal(await store.manifest(other), null);
  });
});

describe('the S3 store and what dead processes left in it', () => {
  it('finds files without a manifest, unfinished uploads and stale copies, and clears those alone', async () => {
    const cache = await newFolder();
    const store = openAt('left', cache);
    const other = sha256Hex('gone');
    for (const stageId of [ID, other]) {
      await store.publish(stageId, 'model', [{ path: 'a', text: 'a' }], {});
      await store.openFile(stageId, 'a');
    }
    await openAt('left', await newFolder()).remove(other);
    const torn = sha256Hex('torn');
    await putRaw(`left/objects/${torn}/files/${torn}`, 'cc');
    await raw.send(new CreateMultipartUploadCommand({ Bucket: BUCKET, Key: `left/objects/${torn}/files/x` }));
    await mkdir(join(cache, 'tmp', 'half'), { recursive: true });
    // This server dates every upload to 2010.
    const old = await store.leftovers(new Date(Date.now() - 3_600_000));
    assert.deepEqual(
      old.filter(({ kind }) => kind !== 'upload'),
      [],
    );
    const found = await store.leftovers(new Date(Date.now() + 3_600_000));
    const kinds = found.map(({ kind, name }) => `${kind} ${name.split('?')[0] ?? ''}`);
    assert.deepEqual(kinds, [
      `unpublished objects/${torn}`,
      `upload objects/${torn}/files/x`,
      'staged cache: tmp/half',
      `copy cache: objects/${other}`,
    ]);
    for (const one of found) await store.sweep(one);
    assert.deepEqual(await store.leftovers(new Date(Date.now() + 3_600_000)), []);
    assert.equal(await readFile(await store.openFile(ID, 'a'), 'utf8'), 'a');
  });

  it('never shows a reader half of an object that goes', async () => {
    const store = openAt('going', await newFolder());
    const texts = Array.from({ length: 8 }, (_, index) => `file ${String(index)}`);
    const files = texts.map((text, index) => ({ path: String(index), text }));
    let over = false;
    const reader = async (): Promise<number> => {
      let whole = 0;
      while (!over) {
        const other = openAt('going', await newFolder());
        try {
          assert.equal(await readFile(await other.openFile(ID, '7'), 'utf8'), 'file 7');
          whole += 1;
        } catch (error) {
          assert.match(String(error), /got none/);
        }
      }
      return whole;
    };
    const reading = reader();
    for (let turn = 0; turn < 5; turn += 1) {
      await store.publish(ID, 'model', files, { turn });
      await sleep(300);
      await store.remove(ID);
    }
    over = true;
    assert.ok((await reading) > 0);
  });
});

describe('the S3 store through a faulty network', () => {
  const proxies: FaultProxy[] = [];
  after(() => Promise.all(proxies.map((proxy) => proxy.close())));

  async function faulty(rate: number, kinds?: readonly FaultKind[]): Promise<FaultProxy> {
    const proxy = await startFaultProxy({
      target: server.endpoint,
      seed: 'store',
      rate,
      ...(kinds === undefined ? {} : { kinds }),
    });
    proxies.push(proxy);
    return proxy;
  }

  let shared: FaultProxy;
  before(async () => {
    // A deletion that arrives late would fall on what was published since; of that there is no promise.
    shared = await faulty(
      0.2,
      FAULT_KINDS.filter((kind) => kind !== 'late'),
    );
  });
  storeConformance('S3 with a fault in every fifth request', () =>
    newPlace({ endpoint: shared.endpoint, limits: QUICK }),
  );

  describe('all of that', () => {
    it('met every kind of fault', () => {
      for (const [kind, met] of Object.entries(shared.counts))
        assert.ok(kind === 'late' || met > 0, `${kind} was never met`);
    });
  });

  it('knows its own record when the answer to it was lost, and one winner remains', async () => {
    const proxy = await faulty(0.5, ['lostAnswer']);
    const { open } = await newPlace({ endpoint: proxy.endpoint, limits: QUICK });
    for (let round = 0; round < 10; round += 1) {
      const key = `decisions/x/${String(round)}.json`;
      const won = await Promise.all(
        Array.from({ length: 4 }, () => open().putIfAbsent(key, 'the same text')),
      );
      assert.equal(won.filter(Boolean).length, 1);
    }
    assert.ok(proxy.counts.lostAnswer > 10);
  });

  it('is not undone by a replacement that arrives late', async () => {
    const proxy = await faulty(1, ['late']);
    const { store, open } = await newPlace({ endpoint: proxy.endpoint, limits: QUICK });
    const first = store.replace('names/x.json', 'first');
    while (proxy.counts.late === 0) await sleep(5);
    proxy.setRate(0);
    await first;
    await store.replace('names/x.json', 'second');
    await sleep(LATE_MS + 300);
    assert.equal(await open().read('names/x.json'), 'second');
    assert.equal(proxy.counts.late, 1);
  });

  it('brings a large file through, part by part', async () => {
    const proxy = await faulty(0.25);
    const folder = await newFolder();
    const { store, open } = await newPlace({
      endpoint: proxy.endpoint,
      limits: { ...QUICK, timeLimitMs: 3000 },
    });
    const bytes = Buffer.from(Array.from({ length: 23 * 2 ** 18 }, (_, index) => index % 251));
    await writeFile(join(folder, 'a.bin'), bytes);
    await store.publish(ID, 'model', [{ path: 'a.bin', file: join(folder, 'a.bin') }], {});
    assert.ok((await readFile(await open().openFile(ID, 'a.bin'))).equals(bytes));
  });

  it('gives up with the reason when nothing gets through', async () => {
    const proxy = await faulty(1, ['error500']);
    const { store } = await newPlace({ endpoint: proxy.endpoint, limits: { ...QUICK, tries: 3 } });
    await assert.rejects(
      store.read('names/x.json'),
      /read s3:.*: expected an answer, got InternalError: planted/,
    );
    assert.equal(proxy.counts.error500, 3);
  });
});
