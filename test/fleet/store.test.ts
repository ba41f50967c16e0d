import { randomUUID } from 'node:crypto';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { storeConformance } from '../../activities/store/conformance.js';
import { createS3Store } from '../../activities/store/s3.js';
import type { Store } from '../../activities/store/store.js';
import { skipWithout } from './commandLine.js';
import { BUCKET, makeBucket, startSeaweed, type Seaweed } from './seaweed.js';

describe('the store of docker-compose.yml', function () {
  this.timeout(300_000);
  let server: Seaweed;
  let weed = '';
  let folder = '';
  before(async function () {
    weed = skipWithout(this, 'weed');
    folder = mkdtempSync(join(tmpdir(), 'lamdagent-fleet-store-'));
    server = await startSeaweed(weed);
  });
  after(async () => {
    if (folder !== '') rmSync(folder, { recursive: true, force: true });
    // Skipped: it was never started.
    await (server as Seaweed | undefined)?.close();
  });

  it('gets its bucket once, however often the script runs', () => {
    assert.match(makeBucket(weed, server), /created bucket lamdagent/);
    assert.match(makeBucket(weed, server), /bucket lamdagent is there/);
  });

  it('lets one of many writers win, each time', async () => {
    const writers = Array.from({ length: 8 }, () => clientOf(server));
    for (let turn = 0; turn < 20; turn += 1) {
      const put = { Bucket: BUCKET, Key: `race/${String(turn)}`, Body: 'x', IfNoneMatch: '*' };
      const ends = await Promise.allSettled(writers.map((client) => client.send(new PutObjectCommand(put))));
      assert.equal(ends.filter(({ status }) => status === 'fulfilled').length, 1, `turn ${String(turn)}`);
    }
  });

  storeConformance('SeaweedFS', () => {
    const prefix = randomUUID();
    const { endpoint, credentials } = server;
    const connection = { endpoint, region: 'us-east-1', credentials };
    const open = (): Store =>
      createS3Store(`s3://${BUCKET}/${prefix}`, {
        cacheFolder: join(folder, randomUUID()),
        connection,
        limits: {},
      });
    const damage = async (stageId: string, path: string, text: string): Promise<void> => {
      const file = (await open().manifest(stageId))?.files.find((one) => one.path === path);
      const key = `${prefix}/objects/${stageId}/files/${String(file?.sha256)}`;
      await clientOf(server).send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: text }));
    };
    return Promise.resolve({ store: open(), open, damage });
  });
});

function clientOf({ endpoint, credentials }: Seaweed): S3Client {
  return new S3Client({ endpoint, region: 'us-east-1', credentials, forcePathStyle: true, maxAttempts: 1 });
}
