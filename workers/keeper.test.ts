import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Program } from './childProcess.js';
import { createKeeper } from './keeper.js';
import { identityOf } from './processIdentity.js';
import { endLeftovers, openProcessRecord } from './processRecord.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lamdagent-keeper-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const record = () => openProcessRecord(join(folder, 'processes.json'));
const lines = (name: string): readonly string[] => {
  try {
    return readFileSync(join(folder, name), 'utf8').trim().split('\n');
  } catch {
    return [];
  }
};
function program(name: string, script: string, graceMs = 3000): Program {
  const logFile = join(folder, `${name}.log`);
  return { name, command: 'bash', args: ['-c', script], env: { OUT: folder }, logFile, graceMs };
}
async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries += 1) {
    assert.ok(tries < 400, 'expected it within 8 s');
    await sleep(20);
  }
}

describe('the keeper', () => {
  it('starts a process again that was killed', async () => {
    const said: string[] = [];
    const keeper = createKeeper({
      record: record(),
      say: (line) => said.push(line),
      backoffMs: 10,
      healthyMs: 0,
    });
    keeper.keep(program('one', 'echo $$ >> $OUT/pids; exec sleep 60'));
    await until(() => lines('pids').length === 1);
    process.kill(Number(lines('pids')[0]), 'SIGKILL');
    await until(() => lines('pids').length === 2);
    await keeper.stop();
    assert.match(said[0] ?? '', /one: ended unasked \(signal SIGKILL\)/);
    assert.equal(identityOf(Number(lines('pids')[1])), null);
  });

  it('never gives up on a process that is only ever killed from outside', async () => {
    const keeper = createKeeper({ record: record(), say: () => undefined, backoffMs: 1 });
    keeper.keep(program('victim', 'echo $$ >> $OUT/pids; kill -KILL $$'));
    await until(() => lines('pids').length >= 8);
    await Promise.race([keeper.stop(), keeper.failed]);
  });

  it('stops in the reverse order, each with time to end well', async () => {
    const keeper = createKeeper({ record: record(), say: () => undefined });
    const gentle = (name: string) =>
      `trap 'sleep 0.1; echo ${name} >> $OUT/order; exit' TERM; echo ${name} >> $OUT/up; while :; do sleep 0.05; done`;
    keeper.keep(program('server', gentle('server')));
    keeper.keep(program('worker', gentle('worker')));
    await until(() => lines('up').length === 2);
    await keeper.stop();
    assert.deepEqual(lines('order'), ['worker', 'server']);
    assert.deepEqual(JSON.parse(readFileSync(join(folder, 'processes.json'), 'utf8')), []);
  });

  it('kills what is deaf to SIGTERM, grandchildren included', async () => {
    const keeper = createKeeper({ record: record(), say: () => undefined });
    keeper.keep(
      program('deaf', "trap '' TERM; sleep 60 & echo $! >> $OUT/pids; while :; do sleep 0.05; done", 200),
    );
    await until(() => lines('pids').length === 1);
    await keeper.stop();
    await until(() => identityOf(Number(lines('pids')[0])) === null);
  });

  it('lets a program end with one of its last codes, and only with those', async () => {
    const keeper = createKeeper({ record: record(), say: () => undefined, backoffMs: 1 });
    const script = 'echo x >> $OUT/lives; [ $(wc -l < $OUT/lives) -lt 3 ] && exit 1; exit 0';
    const kept = keeper.keep({ ...program('mortal', script), lastCodes: [0] });
    await Promise.race([kept.finished, keeper.failed]);
    assert.deepEqual([lines('lives').length, kept.exitCode()], [3, 0]);
    await keeper.stop();
    assert.equal(lines('lives').length, 3);
  });

  it('tells the exit code of a program that it stopped', async () => {
    const keeper = createKeeper({ record: record(), say: () => undefined });
    const kept = keeper.keep(
      program('slow', "trap 'exit 5' TERM; echo up >> $OUT/up; while :; do sleep 0.05; done"),
    );
    await until(() => lines('up').length === 1);
    assert.equal(kept.exitCode(), null);
    await keeper.stop();
    assert.equal(kept.exitCode(), 5);
  });

  it('gives up after five deaths in a row and shows the end of the log', async () => {
    const keeper = createKeeper({ record: record(), say: () => undefined, backoffMs: 1 });
    keeper.keep(program('broken', 'echo no such port >&2; echo x >> $OUT/tries; exit 7'));
    await assert.rejects(
      keeper.failed,
      /broken: expected to keep running, ended 5 times.*\n[^]*no such port/,
    );
    assert.equal(lines('tries').length, 5);
    await keeper.stop();
  });

  it('ends what a killed run left behind, and nothing that only has the same id', async () => {
    const keeper = createKeeper({ record: record(), say: () => undefined });
    keeper.keep(program('orphan', 'echo $$ >> $OUT/pids; exec sleep 60'));
    await until(() => lines('pids').length === 1);
    const file = join(folder, 'processes.json');
    await until(() => readFileSync(file, 'utf8').includes('orphan'));
    const left = endLeftovers(file);
    assert.deepEqual(await left, ['orphan']);
    await keeper.stop();

    const stranger = openProcessRecord(file);
    stranger.add('stranger', { pid: process.pid, began: 'another time' });
    assert.deepEqual(await endLeftovers(file), []);
  });
});
