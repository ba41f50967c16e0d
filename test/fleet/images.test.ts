import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assertCommand, skipWithout } from './commandLine.js';
import { ROOT } from './composeFile.js';

const text = readFileSync(join(ROOT, 'docker/Dockerfile'), 'utf8');
/** One instruction an entry, with its continued lines. */
const instructions = text
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll(/\\\n\s*/g, '')
  .split('\n')
  .filter((line) => line.trim() !== '');
const FINAL = ['orchestrator', 'worker'];

/** The instructions of a stage. */
function stage(name: string): readonly string[] {
  const begin = instructions.findIndex((line) => line.endsWith(` AS ${name}`));
  assert.ok(begin >= 0, name);
  const end = instructions.findIndex((line, at) => at > begin && line.startsWith('FROM '));
  return instructions.slice(begin, end < 0 ? undefined : end);
}

const valueOf = (name: string, instruction: string): string | undefined =>
  stage(name)
    .find((line) => line.startsWith(`${instruction} `))
    ?.slice(instruction.length + 1);

describe('docker/Dockerfile', () => {
  it('begins each stage with a version, or with another stage', () => {
    const stages = instructions.filter((line) => line.startsWith('FROM ')).map((line) => line.split(' '));
    const names = stages.map((words) => words[3]);
    for (const [, image = ''] of stages)
      assert.ok(
        /^[\w/-]+:\d+\.\d+\.\d+-[\w-]+$/.test(image) || [...names, 'packages-${DEVICE}'].includes(image),
        image,
      );
  });

  it('runs as a user other than root, whom Kubernetes can check, and tells the version of Node once', () => {
    for (const name of FINAL) assert.match(valueOf(name, 'USER') ?? '', /^[1-9]\d*:[1-9]\d*$/);
    assert.equal(new Set(text.match(/node:[\w.-]+/g)).size, 1);
    assert.equal(new Set(text.match(/python:[\w.-]+/g)).size, 1);
  });

  it('starts commands of lamdagent in exec form behind an init, so that SIGTERM arrives', () => {
    for (const name of FINAL) {
      assert.deepEqual(JSON.parse(valueOf(name, 'ENTRYPOINT') ?? ''), ['tini', '--', 'lamdagent']);
      assertCommand(JSON.parse(valueOf(name, 'CMD') ?? '') as string[]);
      const check = /CMD (\[.*\])$/.exec(valueOf(name, 'HEALTHCHECK') ?? '')?.[1] ?? '';
      const [program, ...command] = JSON.parse(check) as string[];
      assert.equal(program, 'lamdagent');
      assertCommand(command);
      assert.ok(stage(name).some((line) => line.includes('ln -s /app/bin/lamdagent.mjs')));
    }
  });

  it('copies what is there, and what .dockerignore lets through', () => {
    const allowed = readFileSync(join(ROOT, '.dockerignore'), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    const copied = instructions
      .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
      .flatMap((line) => line.split(' ').slice(1, -1));
    assert.ok(copied.length > 10);
    for (const path of copied) {
      assert.ok(existsSync(join(ROOT, path)), path);
      assert.ok(
        allowed.some((one) => path === one || path.startsWith(`${one}/`)),
        `${path}: expected .dockerignore to let it through`,
      );
    }
    for (const path of allowed) assert.ok(existsSync(join(ROOT, path)), path);
  });

  it('builds all sources that the build reads', () => {
    const build = readFileSync(join(ROOT, 'setup/build.mjs'), 'utf8');
    const sources = /SOURCES = \[(.*)\]/.exec(build)?.[1]?.match(/\w+/g) ?? [];
    assert.ok(sources.length >= 5);
    for (const source of sources) assert.ok(stage('build').includes(`COPY ${source} ${source}`), source);
  });
});

describe('what an image holds', () => {
  /** The packages that the built program imports. */
  function imported(): readonly string[] {
    const files = readdirSync(join(ROOT, 'dist'), { recursive: true, encoding: 'utf8' });
    const sources = files.filter((file) => file.endsWith('.js') && !file.endsWith('workflow-bundle.js'));
    const bare = sources.flatMap((file) => [
      ...readFileSync(join(ROOT, 'dist', file), 'utf8').matchAll(
        /^(?:import|export) (?:[^'"`;]* from )?['"]([^.'"][^'"]*)['"];$/gm,
      ),
    ]);
    const names = bare.map((match) => match[1] ?? '').filter((name) => !name.startsWith('node:'));
    return [...new Set(names.map((name) => /^(@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? ''))];
  }

  it('has every package that the program imports, without those of developers', () => {
    const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    const names = imported();
    assert.ok(names.length > 10);
    for (const name of names) assert.ok(name in dependencies, name);
  });

  it('has the files that commands read, the example among them', () => {
    const folder = mkdtempSync(join(tmpdir(), 'lamdagent-image-'));
    for (const line of stage('orchestrator').filter((one) => one.startsWith('COPY '))) {
      const words = line.split(' ').slice(1);
      const from = words.some((word) => word.startsWith('--from='));
      const paths = words.filter((word) => !word.startsWith('--'));
      const target = paths.pop() ?? '';
      for (const path of paths.map((one) => (from ? one.replace('/app/', '') : one)))
        if (path === 'node_modules') symlinkSync(join(ROOT, path), join(folder, path));
        else cpSync(join(ROOT, path), join(folder, target === './' ? path : target), { recursive: true });
    }
    const env = { PATH: process.env['PATH'], HOME: folder, LAMDAGENT_HOME: join(folder, 'home') };
    const run = (...args: readonly string[]) =>
      spawnSync(process.execPath, ['bin/lamdagent.mjs', ...args], { cwd: folder, env, encoding: 'utf8' });
    const valid = run('validate', 'examples/quickstart/spec.yaml');
    const help = run('orchestrator', '--help');
    rmSync(folder, { recursive: true });
    assert.equal(valid.status, 0, valid.stderr);
    assert.match(help.stdout, /npx lamdagent orchestrator --address/);
  });
});

describe('docker/Dockerfile, read by hadolint', () => {
  it('has nothing to find fault with, and a planted fault is found', function () {
    const hadolint = skipWithout(this, 'hadolint');
    const run = (file: string) => spawnSync(hadolint, ['--no-color', file], { encoding: 'utf8' });
    const { status, stdout } = run(join(ROOT, 'docker/Dockerfile'));
    assert.equal(status, 0, stdout);
    const folder = mkdtempSync(join(tmpdir(), 'lamdagent-hadolint-'));
    const planted = join(folder, 'Dockerfile');
    writeFileSync(
      planted,
      text.replaceAll(/^USER .*$/gm, 'USER root').replace('CMD ["orchestrator"]', 'CMD x'),
    );
    const found = run(planted);
    rmSync(folder, { recursive: true });
    assert.match(found.stdout, /DL3002[^]*DL3025|DL3025[^]*DL3002/);
  });
});
