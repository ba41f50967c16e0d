import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { startServer } from '../harness.js';
import { startS3Server } from '../s3Server.js';
import { fleetTool } from './commandLine.js';
import { composeServices, filledVariables, ROOT, secondsOfDuration } from './composeFile.js';
import { makeBucket, startSeaweed } from './seaweed.js';

const NAMESPACE = 'fleet';
const services = composeServices(filledVariables());
const example = join(ROOT, 'examples/quickstart');
const SPEC = {
  name: 'fleet',
  models: { base: { path: join(example, 'model') } },
  datasets: { number: { path: join(example, 'data/number.jsonl') } },
  actions: { sft: { parameters: { steps: 5, batchSize: 8, maxLength: 64, learningRate: [1e-4, 2e-4] } } },
  benchmarks: { number: { path: join(example, 'benchmarks/number') } },
  policy: 'random',
  budget: { trials: 1 },
};

/** An S3 server with the bucket: SeaweedFS by the compose file's command where it is installed, else moto. */
async function startStore(): Promise<{
  readonly endpoint: string;
  readonly name: string;
  close(): Promise<void>;
}> {
  const weed = fleetTool('weed');
  if (weed === null) return { ...(await startS3Server()), name: 'moto' };
  const server = await startSeaweed(weed);
  makeBucket(weed, server);
  return { endpoint: server.endpoint, name: 'SeaweedFS', close: server.close };
}

describe('the commands and variables of docker-compose.yml, without Docker', function () {
  this.timeout(900_000);
  let folder = '';
  let server: TestWorkflowEnvironment;
  let store: Awaited<ReturnType<typeof startStore>>;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'lamdagent-fleet-'));
    [server, store] = await Promise.all([startServer(), startStore()]);
  });
  after(async () => {
    await Promise.all([server.teardown(), store.close()]);
    rmSync(folder, { recursive: true, force: true });
  });

  /** A service's variables, and what its image sets, with this machine's addresses and folders. */
  function variables(name: string): NodeJS.ProcessEnv {
    return {
      ...{ PATH: process.env['PATH'], HOME: folder, OMP_NUM_THREADS: '1' },
      ...services[name]?.environment,
      ...{ TEMPORAL_ADDRESS: server.address, TEMPORAL_NAMESPACE: NAMESPACE },
      AWS_ENDPOINT_URL_S3: store.endpoint,
      LAMDAGENT_VENV: join(ROOT, '.venv'),
      LAMDAGENT_HOME: join(folder, name, 'home'),
      LAMDAGENT_CACHE: join(folder, name, 'cache'),
    };
  }

  const words = (args: readonly string[]): string[] => [join(ROOT, 'bin/lamdagent.mjs'), ...args];

  /** `docker compose exec SERVICE lamdagent ARGS`. */
  async function lamdagent(name: string, ...args: readonly string[]) {
    const child = spawn(process.execPath, words(args), { env: variables(name), cwd: ROOT });
    const said = { out: '', err: '' };
    child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (said.err += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, ...said };
  }

  function up(name: string): ChildProcess {
    const env = variables(name);
    return spawn(process.execPath, words(services[name]?.command ?? []), {
      env,
      cwd: ROOT,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
  }

  async function healthy(name: string, kind: string): Promise<void> {
    for (let tries = 0; (await lamdagent(name, 'health', kind)).code !== 0; tries += 1) {
      assert.ok(tries < 60, `${name}: expected it to become healthy`);
      await sleep(2000);
    }
  }

  /** Within the time that the compose file gives it. */
  async function stops(name: string, child: ChildProcess): Promise<void> {
    const gone = once(child, 'exit');
    const began = Date.now();
    child.kill('SIGTERM');
    assert.deepEqual(await gone, [0, null], name);
    const limit = secondsOfDuration(services[name]?.stop_grace_period);
    assert.ok(Date.now() - began < limit * 1000, `${name}: expected it to end within ${String(limit)} s`);
  }

  it('makes the namespace, and again', () => {
    const env = {
      ...{ PATH: [join(ROOT, '.venv/bin'), process.env['PATH']].join(delimiter), HOME: folder },
      ...{
        ...services['namespace']?.environment,
        TEMPORAL_ADDRESS: server.address,
        TEMPORAL_NAMESPACE: NAMESPACE,
      },
    };
    for (const turn of ['first', 'again']) {
      const script = join(ROOT, 'docker/temporal/namespace.sh');
      const { status, stdout, stderr } = spawnSync('sh', [script], { env, encoding: 'utf8' });
      assert.equal(status, 0, `${turn}: ${stdout}${stderr}`);
    }
  });

  it('says of workers that do not run that it has not heard of them', async () => {
    for (const kind of ['orchestrator', 'gpu-worker']) {
      const { code, err } = await lamdagent('orchestrator', 'health', kind);
      assert.equal(code, 1, err);
      assert.match(err, new RegExp(`${kind}: expected one of this machine`));
    }
  });

  it('explores, tells the health of its workers, and ends in the time that it is given', async () => {
    const spec = join(folder, 'spec.json');
    writeFileSync(spec, JSON.stringify(SPEC));
    const [orchestrator, worker] = [up('orchestrator'), up('cpu-worker')];
    try {
      await healthy('orchestrator', 'orchestrator');
      await healthy('cpu-worker', 'gpu-worker');
      const started = await lamdagent('orchestrator', 'start', spec, '--follow');
      assert.equal(started.code, 0, started.err);
      const { out } = await lamdagent('orchestrator', 'status', 'fleet', '--json');
      const status = JSON.parse(out) as { state: string; trials: { completed: number; failed: number } };
      assert.deepEqual([status.state, status.trials.completed, status.trials.failed], ['completed', 3, 0]);
      const found = await server.client.workflowService.listWorkflowExecutions({
        namespace: NAMESPACE,
        query: 'ExplorationName = "fleet" AND WorkflowType = "explore"',
      });
      assert.equal(found.executions?.length, 1, store.name);
      await stops('cpu-worker', worker);
      await stops('orchestrator', orchestrator);
    } finally {
      for (const child of [orchestrator, worker]) if (child.exitCode === null) child.kill('SIGKILL');
    }
  });
});
