import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3_VARIABLES, startS3Server } from '../test/s3Server.js';
import { readEnvironment } from './env.js';
import { storeFinding } from './storeDoctor.js';

describe('the doctor looks at the store', () => {
  const before = { ...process.env };
  let home = '';
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'lamdagent-doctor-'));
    Object.assign(process.env, S3_VARIABLES);
  });
  afterEach(async () => {
    process.env = { ...before };
    await rm(home, { recursive: true, force: true });
  });
  const find = (store?: string) =>
    storeFinding(readEnvironment({ LAMDAGENT_HOME: home, LAMDAGENT_STORE: store }));

  it('and finds a folder and an S3 server in order, again and again', async () => {
    for (let turn = 0; turn < 2; turn += 1)
      assert.deepEqual(await find(), { check: 'store', ok: true, found: `${home}/store answers`, fix: '' });
    const server = await startS3Server();
    process.env['AWS_ENDPOINT_URL_S3'] = server.endpoint;
    try {
      for (let turn = 0; turn < 2; turn += 1)
        assert.equal((await find('s3://lamdagent/x')).found, 's3://lamdagent/x answers');
      const missing = await find('s3://no-such-bucket/x');
      assert.match(missing.found, /NoSuchBucket.*Make the bucket/);
      assert.equal(missing.ok, false);
    } finally {
      await server.close();
    }
  });

  it('and refuses a server that writes over what is there', async () => {
    const stored = new Map<string, Buffer>();
    const careless = createServer((incoming, outgoing) => {
      const path = incoming.url?.split('?')[0] ?? '';
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        if (incoming.method === 'PUT') stored.set(path, Buffer.concat(chunks));
        outgoing.end(incoming.method === 'GET' ? stored.get(path) : undefined);
      });
    }).listen(0, '127.0.0.1');
    await once(careless, 'listening');
    const { port } = careless.address() as AddressInfo;
    process.env['AWS_ENDPOINT_URL_S3'] = `http://127.0.0.1:${String(port)}`;
    const { ok, found } = await find('s3://lamdagent/x');
    careless.close();
    assert.equal(ok, false);
    assert.match(found, /expected a record to be written once, got it written over/);
  });
});
