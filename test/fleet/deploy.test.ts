import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadClientConfig, loadClientConnectConfig } from '@temporalio/envconfig';
import { parseAllDocuments } from 'yaml';
import { assertCommand, secondsToEnd } from './commandLine.js';
import { ROOT } from './composeFile.js';

const DEPLOY = join(ROOT, 'examples/deploy');
const read = (name: string): string => readFileSync(join(DEPLOY, name), 'utf8');

interface Deployment {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
    readonly template: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: {
        readonly terminationGracePeriodSeconds: number;
        readonly securityContext: { readonly runAsNonRoot: boolean };
        readonly containers: readonly {
          readonly image: string;
          readonly args: readonly string[];
          readonly envFrom: readonly Readonly<Record<string, { readonly name: string }>>[];
          readonly readinessProbe: { readonly exec: { readonly command: readonly string[] } };
        }[];
      };
    };
  };
}

describe('examples/deploy/kubernetes', () => {
  const folder = join(DEPLOY, 'kubernetes');
  const objects = readdirSync(folder).flatMap((file) =>
    parseAllDocuments(readFileSync(join(folder, file), 'utf8')).map((one) => one.toJS() as Deployment),
  );
  const deployments = objects.filter(({ kind }) => kind === 'Deployment');

  it('runs commands of lamdagent as another user than root, with longer to end than they take', () => {
    assert.equal(deployments.length, 2);
    for (const { spec } of deployments) {
      const pod = spec.template.spec;
      assert.equal(pod.securityContext.runAsNonRoot, true);
      for (const { args, image, readinessProbe } of pod.containers) {
        assertCommand(args);
        assert.ok(pod.terminationGracePeriodSeconds > secondsToEnd(args));
        assert.match(image, /:\d+\.\d+\.\d+$/);
        assert.equal(readinessProbe.exec.command[0], 'lamdagent');
        assertCommand(readinessProbe.exec.command.slice(1));
      }
    }
  });

  it('names configuration and secrets that are there, and no key of a language model to GPU workers', () => {
    const there = objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    const asked = deployments.map(({ spec }) =>
      spec.template.spec.containers.flatMap(({ envFrom }) =>
        envFrom.map(
          (from) => `${from['secretRef'] ? 'Secret' : 'ConfigMap'} ${Object.values(from)[0]?.name ?? ''}`,
        ),
      ),
    );
    for (const name of asked.flat()) assert.ok(there.includes(name), name);
    const [ofWorkers = [], ofOrchestrators = []] = asked;
    assert.deepEqual(ofWorkers, ['ConfigMap lamdagent', 'Secret lamdagent']);
    assert.ok(ofOrchestrators.includes('Secret lamdagent-orchestrator'));
  });

  it('has a disruption budget for each, that means its pods', () => {
    const budgets = objects.filter(({ kind }) => kind === 'PodDisruptionBudget');
    for (const { metadata, spec } of deployments) {
      const budget = budgets.find((one) => one.metadata.name === metadata.name);
      assert.deepEqual(budget?.spec.selector.matchLabels, spec.selector.matchLabels);
      assert.deepEqual(spec.template.metadata.labels, spec.selector.matchLabels);
    }
  });
});

describe('examples/deploy/systemd', () => {
  const units = ['lamdagent-orchestrator.service', 'lamdagent-gpu-worker.service'];
  const setting = (unit: string, name: string): string =>
    new RegExp(`^${name}=(.*)$`, 'm').exec(read(`systemd/${unit}`))?.[1] ?? '';

  it('runs commands of lamdagent, with longer to end than they take', () => {
    for (const unit of units) {
      const words = setting(unit, 'ExecStart').replace('${GPU_COUNT}', '1').split(' ');
      assert.deepEqual(words.slice(0, 2), ['/usr/bin/node', '/opt/lamdagent/bin/lamdagent.mjs']);
      assertCommand(words.slice(2));
      assert.ok(Number(setting(unit, 'TimeoutStopSec')) > secondsToEnd(words.slice(2)));
    }
  });

  it('is what systemd accepts', function () {
    if (spawnSync('systemd-analyze', ['--version']).error !== undefined) {
      console.warn('systemd-analyze is not there');
      this.skip();
    }
    const folder = mkdtempSync(join(tmpdir(), 'lamdagent-systemd-'));
    // Where this machine has Node and the sources; it has no such user.
    const here = (text: string): string =>
      text
        .replaceAll('/usr/bin/node', process.execPath)
        .replaceAll('/opt/lamdagent', ROOT)
        .replace('User=lamdagent\n', '');
    const verify = (name: string, text: string): string => {
      writeFileSync(join(folder, name), here(text));
      return spawnSync('systemd-analyze', ['verify', '--man=no', join(folder, name)], { encoding: 'utf8' })
        .stderr;
    };
    const about = (name: string, said: string): readonly string[] =>
      said.split('\n').filter((line) => line.includes(name));
    for (const unit of units) assert.deepEqual(about(unit, verify(unit, read(`systemd/${unit}`))), []);
    const planted = read(`systemd/${units[0] ?? ''}`).replace('KillMode=mixed', 'KillMood=mixed');
    assert.match(verify('planted.service', planted), /KillMood/);
    rmSync(folder, { recursive: true });
  });
});

describe('examples/deploy/temporal.toml', () => {
  const path = join(DEPLOY, 'temporal.toml');

  it('is what the SDK reads, without a key that it does not know', () => {
    const { profiles } = loadClientConfig({ configSource: { path }, configFileStrict: true });
    assert.deepEqual(Object.keys(profiles), ['cloud-mtls', 'cloud-api-key', 'own-tls']);
    const planted = Buffer.from(read('temporal.toml').replace('client_key_path', 'client_key_file'));
    assert.throws(
      () => loadClientConfig({ configSource: { data: planted }, configFileStrict: true }),
      /client_key_file/,
    );
  });

  it('is chosen by the variables, and an API key of the environment switches TLS on', () => {
    const overrideEnvVars = {
      TEMPORAL_CONFIG_FILE: path,
      TEMPORAL_PROFILE: 'cloud-api-key',
      TEMPORAL_API_KEY: 'a key',
    };
    const { connectionOptions, namespace } = loadClientConnectConfig({ overrideEnvVars });
    assert.equal(connectionOptions.address, 'eu-central-1.aws.api.temporal.io:7233');
    assert.equal(connectionOptions.apiKey, 'a key');
    assert.equal(connectionOptions.tls, true);
    assert.equal(namespace, 'my-namespace.a1b2c');
  });
});

describe('docs/fleet.md', () => {
  const guide = readFileSync(join(ROOT, 'docs/fleet.md'), 'utf8');

  it('shows commands of lamdagent that there are', () => {
    const shown = [...guide.matchAll(/^(?:npx|docker compose exec \S+) lamdagent (.+)$/gm)];
    assert.ok(shown.length >= 4);
    for (const match of shown) assertCommand((match[1] ?? '').split(' '));
  });

  it('links to files that are there, and names all deployments', () => {
    for (const match of guide.matchAll(/\]\(([^)#:]+)(?:#[\w-]+)?\)/g))
      assert.ok(existsSync(join(ROOT, 'docs', match[1] ?? '')), match[1]);
    for (const name of readdirSync(DEPLOY)) assert.ok(guide.includes(`examples/deploy/${name}`), name);
  });
});

describe("examples/deploy/skypilot.yaml, read by SkyPilot's own parser", () => {
  it('is a task on spot machines that runs a GPU worker', function () {
    this.timeout(600_000);
    const python = process.env['LAMDAGENT_SKYPILOT_PYTHON'] ?? join(ROOT, '.cache/skypilot/bin/python');
    if (!existsSync(python)) {
      console.warn(
        'SkyPilot is not installed: python3 -m venv .cache/skypilot && .cache/skypilot/bin/pip install -r python-gpu/requirements-skypilot.txt',
      );
      this.skip();
    }
    const home = mkdtempSync(join(tmpdir(), 'lamdagent-skypilot-'));
    const script = [
      'import json, sys, sky',
      'task = sky.Task.from_yaml(sys.argv[1])',
      'print(json.dumps({"name": task.name, "spot": all(one.use_spot for one in task.resources), "run": task.run}))',
      'try:',
      '    sky.Task.from_yaml_config({"name": "planted", "resourcez": {}})',
      'except ValueError as error:',
      '    print(json.dumps(str(error)))',
    ].join('\n');
    const env = { PATH: process.env['PATH'], HOME: home, SKYPILOT_DISABLE_USAGE_COLLECTION: '1' };
    const args = ['-c', script, join(DEPLOY, 'skypilot.yaml')];
    const { stdout, stderr } = spawnSync(python, args, { encoding: 'utf8', env, cwd: home });
    rmSync(home, { recursive: true, force: true });
    const [task = '', fault = ''] = stdout.trim().split('\n').slice(-2);
    assert.match(
      task,
      /"name": "lamdagent-gpu-worker", "spot": true, .*lamdagent-gpu-worker --store/,
      stderr,
    );
    assert.match(fault, /resourcez/);
  });
});
