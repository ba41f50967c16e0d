import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PLANTED, plantCopies } from '../activities/spec/testContamination.js';
import { sampleSpec, writeWorld } from '../activities/spec/testSpec.js';
import type { ContaminationRecord } from '../domain/contamination.js';
import { fullName } from './cliDocs.js';
import { allCommands, createProgram } from './main.js';

/** The whole surface as text: names, arguments, options, meanings. */
async function surface(): Promise<string> {
  const help = allCommands(await createProgram(() => undefined)).map((command) => {
    const options = command.options.map((option) => `  ${option.flags}: ${option.description}`);
    const args = command.registeredArguments.map((argument) =>
      argument.required ? ` <${argument.name()}>` : ` [${argument.name()}]`,
    );
    return [`${fullName(command)}${args.join('')}: ${command.description()}`, ...options].join('\n');
  });
  return `${help.join('\n')}\n`;
}

describe('the command line', () => {
  const root = join(import.meta.dirname, '..');
  let home = '';
  before(() => {
    home = mkdtempSync(join(tmpdir(), 'lamdagent-cli-'));
  });
  after(() => {
    rmSync(home, { recursive: true });
  });
  const lamdagent = (...args: readonly string[]) =>
    spawnSync(process.execPath, [join(root, 'bin/lamdagent.mjs'), ...args], {
      cwd: home,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], LAMDAGENT_HOME: home, HOME: home },
    });

  it('has a surface that changes only on purpose', async () => {
    assert.equal(await surface(), readFileSync(join(import.meta.dirname, 'surface.txt'), 'utf8'));
  });

  it('ends with 0 for help and version, on stdout', () => {
    assert.equal(lamdagent('--version').stdout, '0.1.0\n');
    const help = lamdagent('--help');
    assert.equal(help.status, 0);
    assert.match(help.stdout, /quickstart/);
  });

  it('ends with 2 for an unknown command, option or exploration, without a stack', () => {
    for (const args of [
      ['frobnicate'],
      ['status'],
      ['quickstart', '--trails', '3'],
      ['quickstart', '--trials', 'x'],
      ['status', 'nope'],
      ['quickstart', '--llm', 'http://x'],
    ]) {
      const { status, stderr } = lamdagent(...args);
      assert.equal(status, 2, `${args.join(' ')}: ${stderr}`);
      assert.doesNotMatch(stderr, /\n\s+at /);
    }
    assert.match(lamdagent('quickstart', '--trails', '3').stderr, /Did you mean --trials/);
  });

  it('ends with 2 and one line a fault for a bad spec', () => {
    const file = join(home, 'bad.yaml');
    writeFileSync(file, 'name: bad\nmodels: { base: { path: nowhere } }\nactionz: {}\n');
    const { status, stderr } = lamdagent('validate', file);
    assert.equal(status, 2);
    assert.match(stderr, /actionz.*expected .*got/);
    const json = lamdagent('validate', file, '--json');
    assert.equal((JSON.parse(json.stdout) as { valid: boolean }).valid, false);
    assert.equal(json.stderr, '');
  });

  it("accepts the quickstart's spec", () => {
    const { status, stderr } = lamdagent('validate', join(root, 'examples/quickstart/spec.yaml'));
    assert.equal(status, 0, stderr);
  });

  it('shows in `validate` which training rows copy evaluation items, and ends with 2 where the spec refuses them', async () => {
    const folder = await writeWorld();
    await plantCopies(folder, { planted: true });
    const validate = (contamination: object, ...args: readonly string[]) => {
      const file = join(folder, 'spec.json');
      writeFileSync(file, JSON.stringify(sampleSpec({ contamination })));
      return lamdagent('validate', file, ...args);
    };
    const dropped = validate({});
    assert.equal(dropped.status, 0, dropped.stderr);
    assert.match(dropped.stderr, /5 of 107 training rows copy one of 15 evaluation items/);
    for (const { dataset, row, item, kind } of PLANTED)
      assert.match(
        dropped.stderr,
        new RegExp(
          `${dataset} row ${String(row)}: ${kind} copy of skill/test ${item}\n +row: .+\n +item: .+`,
        ),
      );
    const refused = validate({ onMatch: 'reject' });
    assert.equal(refused.status, 2);
    assert.match(refused.stderr, /alpha\.jsonl:5: expected no copy of skill\/test item item0, .* \(exact\)/);
    const json = validate({ onMatch: 'allow' }, '--json');
    const { contamination } = JSON.parse(json.stdout) as { contamination: ContaminationRecord };
    const figures = contamination.datasets.map(({ matchedRows, droppedRows }) => [matchedRows, droppedRows]);
    assert.deepEqual(
      [json.status, figures],
      [
        0,
        [
          [4, 0],
          [0, 0],
          [1, 0],
        ],
      ],
    );
    rmSync(folder, { recursive: true });
  });

  it('shows in `validate` the rows of derived datasets before and after, and a derivation that cannot be', async () => {
    const folder = await writeWorld();
    const validate = (rows: number, ...args: readonly string[]) => {
      const datasets = {
        alpha: { path: 'alpha.jsonl' },
        short: { filter: { from: 'alpha', promptLacks: '1$' } },
        part: { subset: { from: 'alpha', rows } },
      };
      const file = join(folder, 'spec.json');
      writeFileSync(file, JSON.stringify(sampleSpec({ datasets, actions: { sft: {} } })));
      return lamdagent('validate', file, ...args);
    };
    const { status, stderr } = validate(1);
    assert.equal(status, 0, stderr);
    assert.match(
      stderr,
      /dataset short: 1 rows from 2; left out: promptLacks 1 \(filter promptLacks of alpha\)/,
    );
    assert.match(stderr, /dataset part: 1 rows from 2 \(subset rows 1 of alpha\)/);
    const { derived } = JSON.parse(validate(1, '--json').stdout) as { derived: readonly { name: string }[] };
    assert.deepEqual(
      derived.map(({ name }) => name),
      ['short', 'part'],
    );
    const refused = validate(3);
    assert.equal(refused.status, 2);
    assert.match(refused.stderr, /datasets\.part\.subset: expected at most the 2 rows of alpha, got rows: 3/);
    rmSync(folder, { recursive: true });
  });

  it('ends with 3 when no service answers, and says how to run one', () => {
    const { status, stderr } = lamdagent('pause', 'quickstart');
    assert.equal(status, 3);
    assert.match(stderr, /lamdagent up/);
  });

  it('lists nothing in an empty home, as JSON on stdout alone', () => {
    const { status, stdout, stderr } = lamdagent('list', '--json');
    assert.deepEqual([status, JSON.parse(stdout), stderr], [0, { schemaVersion: 1, explorations: [] }, '']);
  });

  it('refuses what steers a search badly, with 2 and a reason, before it asks any service', () => {
    const action = join(home, 'action.json');
    writeFileSync(action, '{"kind": "sft", "modles": ["base"]}');
    for (const [args, reason] of [
      [['steer', 'nope', 'a\nb'], /text: expected text without control characters/],
      [['steer', 'nope'], /exploration: expected one of/],
      [['propose', 'nope', join(home, 'none.json')], /expected a readable action file, got none/],
      [['propose', 'nope', action], /modles: expected .* got/],
      [['retry', 'nope', 'seven'], /trial: expected a trial such as t0007, got seven/],
      [['retry', 'nope', 't0007'], /exploration: expected one of/],
      [['budget', 'nope', '--trials', 'many'], /expected a number, a step such as \+20, or none, got many/],
      [['budget', 'nope'], /exploration: expected one of/],
      [['fork', 'nope', '--as', 'other'], /exploration: expected one of/],
      [['fork', 'nope'], /required option '--as <other>'/],
    ] as const) {
      const { status, stderr } = lamdagent(...args);
      assert.equal(status, 2, `${args.join(' ')}: ${stderr}`);
      assert.match(stderr, reason);
      assert.doesNotMatch(stderr, /\n\s+at /);
    }
    const { status } = lamdagent('budget', 'nope', '--trials', '-5', '--wall-clock', '+2h');
    assert.equal(status, 3, 'a step is a number like any other');
  });

  it('shows an example in the help of each command that steers', () => {
    for (const command of ['steer', 'propose', 'retry', 'budget', 'fork'])
      assert.match(
        lamdagent(command, '--help').stdout,
        new RegExp(`Example:\\n  npx lamdagent ${command} my-search`),
      );
  });
});
