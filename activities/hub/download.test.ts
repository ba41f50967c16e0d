import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { HubFault, type HubAccess } from './access.js';
import { downloaded } from './download.js';
import { HubUnreachable } from './request.js';
import { commitOf, filesOf } from './repository.js';
import { COMMIT_A, openTestHub, TOKEN, type TestHub, type TestRepository } from './testHub.js';

const LARGE = Buffer.from(Array.from({ length: 100_000 }, (_, at) => at % 251));
const REPOSITORY: TestRepository = {
  files: { 'config.json': '{}', 'model.safetensors': LARGE, 'a/b c.json': '[1]', empty: '' },
  largeFrom: 1000,
};

describe('a download from a hub', () => {
  let hub: TestHub;
  let folder: string;
  let access: HubAccess;
  beforeEach(async () => {
    hub = await openTestHub({
      'org/model': REPOSITORY,
      'org/gated': { ...REPOSITORY, access: 'gated' },
      'org/private': { ...REPOSITORY, access: 'private' },
    });
    folder = await mkdtemp(join(tmpdir(), 'lamdagent-hub-'));
    access = { endpoint: hub.endpoint, token: null, folder, pauseMs: 1 };
  });
  afterEach(async () => {
    await hub.close();
    await rm(folder, { recursive: true });
  });

  const snapshot = (id = 'org/model') => ({ kind: 'models', id, commit: COMMIT_A }) as const;
  const bring = async (path: string, { id = 'org/model', by = access } = {}): Promise<Buffer> => {
    const file = (await filesOf(by, snapshot(id))).find((one) => one.path === path);
    assert.ok(file);
    hub.seen.length = 0;
    return readFile(await downloaded(by, snapshot(id), file));
  };
  const downloads = () =>
    hub.seen
      .map((line) => line.split(' ').slice(0, 4))
      .map(([host, , status, range]) => [host, status, range].join(' '));
  const faultOf = async (work: Promise<unknown>): Promise<string> => {
    const error = await work.then(
      () => null,
      (one: unknown) => one,
    );
    assert.ok(error instanceof HubFault, String(error));
    return error.message;
  };

  it('finds all files, page by page, with size and hash', async () => {
    const files = await filesOf(access, snapshot());
    assert.deepEqual(
      files.map(({ path, bytes, sha256 }) => [path, bytes, sha256 !== null]),
      [
        ['config.json', 2, false],
        ['model.safetensors', 100_000, true],
        ['a/b c.json', 3, false],
        ['empty', 0, false],
      ],
    );
  });

  it('resolves a tag or branch to its commit', async () => {
    const of = (revision?: string) => commitOf(access, { kind: 'models', id: 'org/model' }, revision);
    assert.deepEqual([await of(), await of('v1')], [COMMIT_A, COMMIT_A]);
    assert.match(
      await faultOf(of('v2')),
      /^expected a commit, tag or branch of the repository, got status 404 \(RevisionNotFound\)/,
    );
  });

  it('brings small files from the hub and large ones from where it redirects', async () => {
    assert.equal(String(await bring('a/b c.json')), '[1]');
    assert.equal(String(await bring('empty')), '');
    assert.deepEqual(await bring('model.safetensors'), LARGE);
    assert.deepEqual(downloads(), ['hub 302 -', 'cdn 200 -']);
  });

  it('fetches nothing twice', async () => {
    await bring('model.safetensors');
    await bring('model.safetensors');
    assert.deepEqual(downloads(), []);
    const file = (await filesOf(access, snapshot()))[0];
    assert.ok(file);
    hub.seen.length = 0;
    await Promise.all([1, 2, 3].map(() => downloaded(access, snapshot(), file)));
    assert.deepEqual(downloads(), ['hub 200 -']);
  });

  it('goes on where the connection broke', async () => {
    hub.faults.cutAfter = [40_000, 30_000];
    assert.deepEqual(await bring('model.safetensors'), LARGE);
    const ranges = downloads().filter((line) => line.startsWith('cdn'));
    assert.equal(ranges.length, 3);
    const starts = ranges.slice(1).map((line) => Number(/bytes=(\d+)-/.exec(line)?.[1]));
    assert.deepEqual(starts, [40_000, 70_000], ranges.join());
  });

  it('goes on from what a process that was killed has left, and not where that is more than the file', async () => {
    const part = join(folder, 'models/org--model', COMMIT_A, 'model.safetensors.part');
    await mkdir(dirname(part), { recursive: true });
    await writeFile(part, LARGE.subarray(0, 60_000));
    assert.deepEqual(await bring('model.safetensors'), LARGE);
    assert.deepEqual(downloads(), ['hub 302 bytes=60000-', 'cdn 206 bytes=60000-']);
    await rm(join(dirname(part), 'model.safetensors'));
    await writeFile(part, Buffer.concat([LARGE, LARGE]));
    assert.deepEqual(await bring('model.safetensors'), LARGE);
    assert.deepEqual(downloads(), ['hub 302 -', 'cdn 200 -']);
  });

  it('begins again where ranges are not known', async () => {
    hub.faults.cutAfter = [40_000];
    hub.faults.ignoresRanges = true;
    assert.deepEqual(await bring('model.safetensors'), LARGE);
  });

  it('takes no bytes of another hash', async () => {
    hub.faults.damaged = 1;
    assert.deepEqual(await bring('model.safetensors'), LARGE);
    assert.deepEqual(downloads(), ['hub 302 -', 'cdn 200 -', 'hub 302 -', 'cdn 200 -']);
    await rm(folder, { recursive: true });
    hub.faults.damaged = 99;
    await assert.rejects(
      bring('model.safetensors'),
      (error) => error instanceof HubUnreachable && /expected hash/.test(error.message),
    );
  });

  it('waits where the hub asks for it or has failed, and ends with what it said', async () => {
    hub.faults.status = [429, 503, 500];
    assert.equal((await filesOf(access, snapshot())).length, 4);
    hub.faults.status = Array.from({ length: 9 }, () => 503);
    await assert.rejects(filesOf(access, snapshot()), /got status 503/);
  });

  it('tells a hub that is not there from a repository that is not', async () => {
    const away = { ...access, endpoint: 'http://127.0.0.1:1' };
    await assert.rejects(
      filesOf(away, snapshot()),
      (error) => error instanceof HubUnreachable && /expected an answer, got/.test(error.message),
    );
    assert.match(
      await faultOf(filesOf(access, snapshot('org/none'))),
      /^expected a repository that this hub shows, got status 401 \(RepoNotFound\)/,
    );
  });

  it('of a gated repository needs a token, which the other host never sees', async () => {
    assert.match(
      await faultOf(bring('model.safetensors', { id: 'org/gated' })),
      /^expected access to the repository, got status 403 \(GatedRepo\)\. Accept its terms on its page, and set HF_TOKEN/,
    );
    const by = { ...access, token: TOKEN };
    assert.deepEqual(await bring('model.safetensors', { id: 'org/gated', by }), LARGE);
    const [first, second] = hub.seen;
    assert.ok(first?.startsWith('hub') && first.endsWith(TOKEN));
    assert.ok(second?.startsWith('cdn') && second.endsWith(' -'), second);
  });

  it('of a private repository needs one too', async () => {
    assert.match(await faultOf(filesOf(access, snapshot('org/private'))), /a private one needs HF_TOKEN/);
    assert.equal((await filesOf({ ...access, token: TOKEN }, snapshot('org/private'))).length, 4);
  });

  it('stays in its folder, whatever a listing says', async () => {
    for (const path of ['../x', 'a/../../x', '/x', 'a//b', 'a\\b']) {
      const file = { path, bytes: 1, oid: '', sha256: null };
      await assert.rejects(
        downloaded(access, snapshot(), file),
        /expected plain file names in the repository/,
      );
    }
  });
});
