import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const root = join(import.meta.dirname, '..');
let home = '';

/** A worker in place of the Python one: writes its arguments and variables down, then does what the script says. */
function plant(script: string): string {
  const bin = join(home, 'venv', 'bin');
  mkdirSync(bin, { recursive: true });
  const file = join(bin, 'lamdagent-gpu-worker');
  const noted = `echo "$@" >> ${home}/args\nenv > ${home}/env\nenv > ${home}/env-$CUDA_VISIBLE_DEVICES`;
  writeFileSync(file, `#!/bin/bash\n${noted}\n${script}\n`);
  chmodSync(file, 0o755);
  return join(home, 'venv');
}

interface Ended {
  readonly code: number | null;
  readonly output: string;
}
function begin(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): [ChildProcess, Promise<Ended>] {
  const child = spawn(process.execPath, [join(root, 'bin/lamdagent.mjs'), 'gpu-worker', ...args], {
    cwd: home,
    env: { PATH: process.env['PATH'], HOME: home, LAMDAGENT_HOME: home, ...env },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code) => {
      resolve({ code, output });
    });
  });
  return [child, ended];
}

const text = (name: string): string =>
  existsSync(join(home, name)) ? readFileSync(join(home, name), 'utf8') : '';
async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries += 1) {
    assert.ok(tries < 1500, 'expected it within 30 s');
    await sleep(20);
  }
}

describe('lamdagent gpu-worker', () => {
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'lamdagent-gpu-worker-'));
  });
  afterEach(() => {
    rmSync(home, { recursive: true });
  });

  it('hands options and settings on; without --address the service of the environment', async () => {
    const venv = plant('exit 0');
    const given = ['--store', 's3://bucket/prefix', '--spot', 'aws', '--notice', '20', '--queue', 'mine'];
    const [, ended] = begin([...given, '--per-stage', '2', '--shard', 'always'], {
      LAMDAGENT_VENV: venv,
      TEMPORAL_ADDRESS: 'far:7233',
      AWS_REGION: 'eu-north-1',
    });
    assert.equal((await ended).code, 0);
    const expected = [
      '--store=s3://bucket/prefix',
      `--cache=${home}/cache`,
      '--device=auto',
      '--per-stage=2',
      '--shard=always',
    ];
    const rest = ['--queue=mine', '--notice=20', '--spot=aws'];
    assert.equal(text('args').trim(), [...expected, ...rest].join(' '));
    assert.match(text('env'), /^TEMPORAL_ADDRESS=far:7233$/m);
    assert.match(text('env'), /^AWS_REGION=eu-north-1$/m);
    assert.match(text('env'), /^OMP_NUM_THREADS=1$/m);
    assert.doesNotMatch(text('env'), /^TEMPORAL_CONFIG_FILE=/m);
  });

  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    it(`passes ${signal} on as SIGTERM and ends with the worker's code`, async () => {
      const venv = plant(`trap 'echo told; exit 7' TERM; echo up > ${home}/up; while :; do sleep 0.05; done`);
      const [child, ended] = begin(['--address', '127.0.0.1:1'], { LAMDAGENT_VENV: venv });
      await until(() => text('up') !== '');
      child.kill(signal);
      const { code, output } = await ended;
      assert.equal(code, 7, output);
      assert.match(output, /told/);
      assert.match(text('args'), /^--address=127\.0\.0\.1:1 /);
    });

  it('starts a worker again that crashed', async () => {
    const venv = plant(`[ $(wc -l < ${home}/args) -lt 2 ] && kill -SEGV $$; exit 0`);
    const [, ended] = begin([], { LAMDAGENT_VENV: venv });
    const { code, output } = await ended;
    assert.equal(code, 0, output);
    assert.equal(text('args').trim().split('\n').length, 2);
    assert.match(output, /GPU worker: ended unasked \(signal SIGSEGV\)/);
  });

  it('does not start a worker again that was called wrongly', async () => {
    const venv = plant('exit 2');
    const [, ended] = begin([], { LAMDAGENT_VENV: venv });
    assert.equal((await ended).code, 2);
    assert.equal(text('args').trim().split('\n').length, 1);
  });

  it('starts one worker for each device, which sees that one alone, and hands the class on', async () => {
    const venv = plant('exit 0');
    const [, ended] = begin(['--devices', '1,MIG-5b1e0c44', '--gpu-class', 'large'], {
      LAMDAGENT_VENV: venv,
      CUDA_VISIBLE_DEVICES: '7',
      LAMDAGENT_THREADS: '3',
    });
    const { code, output } = await ended;
    assert.equal(code, 0, output);
    const calls = text('args').trim().split('\n');
    assert.equal(calls.length, 2);
    for (const call of calls) assert.match(call, /--device=cuda --gpu-class=large --notice=30$/);
    for (const device of ['1', 'MIG-5b1e0c44'])
      assert.match(text(`env-${device}`), new RegExp(`^OMP_NUM_THREADS=3$`, 'm'));
  });

  it('starts only that worker again that crashed, and ends when all have ended, with the worst code', async () => {
    const crash = '[ "$CUDA_VISIBLE_DEVICES" = 0 ] && [ $(wc -l < HOME/again) -lt 2 ] && kill -SEGV $$';
    const script = [
      'echo x >> HOME/again-$CUDA_VISIBLE_DEVICES',
      '[ "$CUDA_VISIBLE_DEVICES" = 0 ] && echo x >> HOME/again',
    ]
      .concat(crash, 'sleep 1; [ "$CUDA_VISIBLE_DEVICES" = 1 ] && exit 2; exit 0')
      .join('\n')
      .replaceAll('HOME', home);
    const venv = plant(script);
    const [, ended] = begin(['--device', 'cuda', '--count', '2'], { LAMDAGENT_VENV: venv });
    const { code, output } = await ended;
    assert.equal(code, 2, output);
    assert.deepEqual(
      ['again-0', 'again-1'].map((name) => text(name).trim().split('\n').length),
      [2, 1],
    );
    assert.match(output, /GPU worker 0: ended unasked \(signal SIGSEGV\)/);
  });

  it('lets the others work on when one cannot be kept running', async () => {
    const venv = plant(
      `[ "$CUDA_VISIBLE_DEVICES" = 0 ] && exit 9; trap 'echo told; exit 0' TERM; while :; do sleep 0.05; done`,
    );
    const [child, ended] = begin(['--device', 'cuda', '--count', '2'], { LAMDAGENT_VENV: venv });
    let seen = '';
    child.stderr?.on('data', (chunk: Buffer) => (seen += chunk.toString()));
    await until(() => seen.includes('GPU worker 0: expected to keep running'));
    child.kill('SIGTERM');
    const { code, output } = await ended;
    assert.equal(code, 9, output);
    assert.match(output, /told/);
  });

  it('ends with 2 for an option that can never work, before a worker starts', async () => {
    const venv = plant('exit 0');
    for (const [given, expected] of [
      [['--spot', 'ibm'], /Allowed choices are off, aws, gcp, azure, auto/],
      [['--notice', '1'], /expected a number of seconds from 2 to 120, got 1/],
      [['--devices', '0,x'], /--devices: expected indices or ids.*got "x"/],
      [['--devices', '0', '--count', '2'], /expected either this or --devices, got both/],
      [['--count', '0'], /expected a whole number from 1 to 64, got 0/],
      [['--per-stage', '0'], /expected a whole number from 1 to 64, got 0/],
      [['--shard', 'some'], /Allowed choices are auto, always, never/],
      [['--shard', 'always'], /--shard: expected --per-stage of 2 or more with always, got 1/],
      [['--store', 's3://'], /expected a folder or s3:.*got "s3:/],
    ] as const) {
      const { code, output } = await begin(given, { LAMDAGENT_VENV: venv })[1];
      assert.equal(code, 2, output);
      assert.match(output, expected);
    }
    assert.equal(text('args'), '');
  });

  it('shows an example', async () => {
    const { output } = await begin(['--help'], {})[1];
    assert.match(output, /Example.*\n {2}npx lamdagent gpu-worker .*--spot auto/);
  });

  describe('on a spot machine', () => {
    let metadata: Server;
    before((done) => {
      metadata = createServer((request, response) => {
        const isAsked = request.headers['metadata-flavor'] === 'Google';
        const answers = new Map([
          ['/computeMetadata/v1/instance/id', '4520031799277581759'],
          ['/computeMetadata/v1/instance/preempted', 'TRUE'],
        ]);
        response.writeHead(isAsked ? 200 : 403, { 'Metadata-Flavor': 'Google' });
        response.end(answers.get(request.url ?? '') ?? 'NONE');
      }).listen(0, '127.0.0.1', done);
    });
    after((done) => {
      metadata.close(done);
    });

    it('ends with 0 once the machine is being taken back, and is not started again', async () => {
      const { port } = metadata.address() as AddressInfo;
      const [, ended] = begin(
        [
          ...['--address', '127.0.0.1:1', '--device', 'cpu', '--spot', 'auto'],
          ...['--metadata-address', `127.0.0.1:${String(port)}`],
        ],
        { LAMDAGENT_VENV: join(root, '.venv'), PYTHONPATH: join(root, 'python-gpu') },
      );
      const { code, output } = await ended;
      assert.equal(code, 0, output);
      assert.match(output, /watching for preemption notices of gcp/);
      assert.match(
        output.trimEnd().split('\n').at(-1) ?? '',
        /notice of gcp: preempted; (there was nothing to hand back|nothing had begun)$/,
      );
      assert.equal(output.match(/watching for/g)?.length, 1);
    });
  });
});
