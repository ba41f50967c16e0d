import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SEARCH_ATTRIBUTES } from '../../workflows/contract.js';
import { assertCommand, secondsToEnd, skipWithout } from './commandLine.js';
import {
  askedVariables,
  COMPOSE,
  composeServices,
  exampleVariables,
  filledVariables,
  ROOT,
  secondsOfDuration,
  type ComposeService,
} from './composeFile.js';

const services = composeServices(filledVariables());
const entries = Object.entries(services);
const ours = entries.filter(([, { image }]) => image?.startsWith('lamdagent-'));
const isOnce = ({ restart }: ComposeService): boolean => restart?.startsWith('on-failure') ?? false;
const dockerfile = readFileSync(join(ROOT, 'docker/Dockerfile'), 'utf8');

describe('docker-compose.yml', () => {
  it('asks for the variables of .env.example, and for no other', () => {
    assert.deepEqual([...askedVariables()].sort(), [...exampleVariables().keys()].sort());
    assert.deepEqual(askedVariables('a: ${ONE:-x} ${TWO:?y} ${ONE}'), ['ONE', 'TWO']);
  });

  it('has no secret of its own: it cannot be used before three are set', () => {
    const asked = [...COMPOSE.matchAll(/\$\{(\w+):\?/g)].map((match) => match[1]);
    const secrets = ['POSTGRES_PASSWORD', 'S3_ACCESS_KEY', 'S3_SECRET_KEY'];
    assert.deepEqual([...new Set(asked)].sort(), secrets);
    for (const name of secrets) assert.equal(exampleVariables().get(name), '');
    assert.throws(() => composeServices(exampleVariables()), /expected a value, got none/);
    assert.match(readFileSync(join(ROOT, '.gitignore'), 'utf8'), /^\.env$/m);
  });

  it('pins each image to a version', () => {
    for (const [name, { image = '' }] of entries) assert.match(image, /^[\w./-]+:[\w.-]*\d[\w.-]*$/, name);
  });

  it('runs the server and the Web UI that the tests run', () => {
    const { stdout } = spawnSync(join(ROOT, '.venv/bin/temporal'), ['--version'], { encoding: 'utf8' });
    const [, server, ui] = /Server ([\d.]+), UI ([\d.]+)/.exec(stdout) ?? [];
    assert.equal(services['temporal']?.image, `temporalio/server:${String(server)}`);
    assert.equal(services['schema']?.image, `temporalio/admin-tools:${String(server)}`);
    assert.equal(services['namespace']?.image, `temporalio/admin-tools:${String(server)}`);
    assert.equal(services['ui']?.image, `temporalio/ui:${String(ui)}`);
  });

  it('listens on the loopback unless told otherwise', () => {
    for (const [name, { ports = [] }] of entries)
      for (const port of ports) assert.match(port, /^127\.0\.0\.1:\d+:\d+$/, name);
  });

  it('looks after the health of everything that stays, and ends and restarts all of it', () => {
    for (const [name, service] of entries) {
      assert.ok(service.logging, name);
      if (isOnce(service)) continue;
      assert.equal(service.restart, 'unless-stopped', name);
      const target = service.build?.target;
      const stage = dockerfile.split(/^FROM .* AS /m).find((text) => text.startsWith(`${String(target)}\n`));
      assert.ok(service.healthcheck ?? stage?.includes('HEALTHCHECK '), `${name}: a health check`);
    }
  });

  it('gives the commands of lamdagent that there are, and longer to stop than they take', () => {
    assert.deepEqual(
      ours.map(([name]) => name),
      ['orchestrator', 'gpu-worker', 'cpu-worker'],
    );
    for (const [name, { command = [], stop_grace_period }] of ours) {
      assertCommand(command);
      assert.ok(secondsOfDuration(stop_grace_period) > secondsToEnd(command), name);
    }
    assert.throws(() => {
      assertCommand(['gpu-worker', '--spott', 'auto']);
    }, /--spott/);
    assert.throws(() => {
      assertCommand(['gpu-worker', '--device', 'tpu']);
    }, /tpu/);
  });

  it('mounts files that are there, scripts that a shell can read', () => {
    const mounted = entries
      .flatMap(([, { volumes = [] }]) => volumes)
      .filter((one) => one.startsWith('./docker'));
    assert.ok(mounted.length >= 4);
    for (const volume of mounted) {
      const file = join(ROOT, volume.split(':')[0] ?? '');
      assert.ok(existsSync(file), file);
      if (!file.endsWith('.sh')) continue;
      const { status, stderr } = spawnSync('sh', ['-n', file], { encoding: 'utf8' });
      assert.equal(status, 0, stderr);
    }
  });

  it('registers the search attributes that explorations write, with their types', () => {
    const script = readFileSync(join(ROOT, 'docker/temporal/namespace.sh'), 'utf8');
    const found = [...script.matchAll(/--name (\w+) --type (\w+)/g)].map((match) => [
      match[1],
      match[2]?.toUpperCase(),
    ]);
    assert.deepEqual(found, Object.entries(SEARCH_ATTRIBUTES));
  });
});

describe('docker-compose.yml, read by Docker Compose itself', () => {
  let tool = '';
  let folder = '';
  before(function () {
    tool = skipWithout(this, 'docker-compose');
    folder = mkdtempSync(join(tmpdir(), 'lamdagent-compose-'));
  });
  after(() => {
    if (folder !== '') rmSync(folder, { recursive: true });
  });

  function config(file: string, variables: ReadonlyMap<string, string>) {
    const env = join(folder, 'env');
    writeFileSync(env, [...variables].map(([name, value]) => `${name}=${value}\n`).join(''));
    const args = ['--env-file', env, '--file', file, '--project-directory', ROOT, '--profile', '*'];
    return spawnSync(tool, [...args, 'config', '--format', 'json'], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], HOME: folder },
    });
  }
  const file = join(ROOT, 'docker-compose.yml');

  it('is valid, with the commands and variables that these tests read', () => {
    const { status, stdout, stderr } = config(file, filledVariables());
    assert.equal(status, 0, stderr);
    const read = (JSON.parse(stdout) as { services: Record<string, ComposeService> }).services;
    assert.deepEqual(Object.keys(read).sort(), Object.keys(services).sort());
    for (const [name, { command, environment }] of ours) {
      assert.deepEqual(read[name]?.command, command);
      assert.deepEqual(read[name]?.environment, environment);
    }
  });

  it('is refused without secrets, and with a key that Compose does not know', () => {
    assert.match(config(file, exampleVariables()).stderr, /POSTGRES_PASSWORD is missing a value/);
    const planted = join(folder, 'planted.yml');
    writeFileSync(planted, COMPOSE.replace('shm_size:', 'shm_sise:'));
    assert.match(config(planted, filledVariables()).stderr, /shm_sise/);
  });
});
