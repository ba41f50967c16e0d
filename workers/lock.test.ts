import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { homeAt, makeHome } from './home.js';
import { takeLock } from './lock.js';
import { choosePort, isFree } from './ports.js';

describe('the lock of a home', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lamdagent-lock-'));
    makeHome(homeAt(folder));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('is held by one, and free again afterwards', () => {
    const release = takeLock(homeAt(folder));
    assert.throws(
      () => takeLock(homeAt(folder)),
      /expected to be free, got held by process \d+ since .*LAMDAGENT_HOME to another/,
    );
    release();
    takeLock(homeAt(folder))();
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith('lock')),
      [],
    );
  });

  for (const [what, text] of [
    ['of a process that is gone', JSON.stringify({ pid: 4_000_000, began: 'x', since: 'then' })],
    ['of another process with the same id', JSON.stringify({ pid: process.pid, began: 'x', since: 'then' })],
    ['that was torn', '{"pid":'],
  ] as const)
    it(`${what} counts for nothing`, () => {
      writeFileSync(homeAt(folder).lockFile, text);
      takeLock(homeAt(folder))();
    });
});

describe('ports', () => {
  it('are kept while free, replaced when taken, and a fault when asked for', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    assert.equal(await isFree(port), false);
    assert.notEqual(await choosePort('LAMDAGENT_PORT', null, port), port);
    await assert.rejects(choosePort('LAMDAGENT_PORT', port, null), /expected port \d+ to be free, got taken/);
    await new Promise((resolve) => server.close(resolve));
    assert.equal(await choosePort('LAMDAGENT_PORT', null, port), port);
  });
});
