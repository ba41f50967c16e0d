import assert from 'node:assert/strict';
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { COMMAND_GROUPS } from '../cli/commands.js';
import { badInputs, COMMANDS, type BadInput } from './badInputs/inputs.js';
import { canLackRights, runProcess, type ProcessOptions } from './badInputs/processes.js';
import { loadMain, runHere, snapshot, type Ran } from './badInputs/runHere.js';
import { makeWorld, type World } from './badInputs/world.js';

const SEED = 20_261;
const FEWEST = 300;

type Case = readonly [args: readonly string[], options: ProcessOptions, exit: BadInput['exit']];

/** A home and a folder that may not be written. */
const READ_ONLY: readonly Case[] = [
  [['up'], { isNobody: true }, 1],
  [['report', 'good'], { isNobody: true }, 1],
  [['init', '--model', 'model', '--data', 'chats.jsonl', '--output', 'new/spec.yaml'], { isNobody: true }, 1],
];
const S3 = {
  ...{ AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1', AWS_REGION: 'us-east-1', LAMDAGENT_STORE: 's3://bucket/x' },
  ...{ AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
};
/** Services that are named and do not answer; S3 is asked for half a minute. */
const UNREACHABLE: readonly Case[] = [
  [['list'], { env: S3 }, 3],
  [['pause', 'live'], { env: { TEMPORAL_ADDRESS: '127.0.0.1:1' } }, 3],
  [['start', 'spec.yaml'], { env: { TEMPORAL_ADDRESS: '127.0.0.1:1' } }, 3],
  [['pause', 'live'], { env: { TEMPORAL_ADDRESS: 'no address' } }, 3],
];

/** The system passes no NUL on to a process. */
function isForProcess({ args, files }: BadInput): boolean {
  return files === undefined && !args.some((one) => one.includes('\u0000'));
}

describe('bad inputs', () => {
  const inputs = badInputs(SEED);
  let world: World;
  before(async function () {
    this.timeout(240_000);
    world = await makeWorld();
    await (await loadMain()).createProgram(() => undefined); // loads all commands, which takes longer than any of them
  });
  after(() => {
    for (const folder of [world.root, world.home, join(world.home, 'store'), world.cwd])
      chmodSync(folder, 0o755);
    rmSync(world.root, { recursive: true, force: true });
  });

  it('are at least 300, each another one, over all commands', () => {
    assert.ok(inputs.length >= FEWEST, String(inputs.length));
    assert.equal(new Set(inputs.map((one) => JSON.stringify(one))).size, inputs.length);
    const typed = inputs.map(({ args }) => args.join(' '));
    const known = COMMAND_GROUPS.flatMap(({ names }) => names);
    assert.deepEqual(
      known.filter((name) => !COMMANDS.some((command) => command.split(' ')[0] === name)),
      [],
    );
    for (const command of COMMANDS)
      assert.ok(
        typed.some((line) => line.startsWith(command)),
        command,
      );
  });

  it('would be told of by what is looked at: the code, a stack, silence, control characters, data', () => {
    const input: BadInput = { family: '', args: [], exit: 2 };
    const good = 'name: expected a text, got 7.\n';
    const faultsOfText = (stderr: string, code = 2, stdout = '') =>
      answerFaults(input, { code, stdout, stderr }).length;
    assert.equal(faultsOfText(good), 0);
    assert.equal(faultsOfText(good, 1), 1);
    assert.equal(faultsOfText(`${good}    at run (/x/main.js:7:1)\n`), 1);
    assert.equal(faultsOfText(''), 1);
    assert.equal(faultsOfText(`${good}\u001b[31m`), 1);
    assert.equal(faultsOfText(good, 2, '{}'), 1);
  });

  const families = [...new Set(inputs.map(({ family }) => family))];
  for (const family of families) {
    const ofFamily = inputs.filter((one) => one.family === family);
    it(`of the kind "${family}" (${String(ofFamily.length)}) end with the right exit code, in words, and leave nothing behind`, async () => {
      const faults: string[] = [];
      for (const input of ofFamily) faults.push(...(await faultsOf(input)));
      assert.deepEqual(faults, []);
    }).timeout(600_000);
  }

  it('end in the same way in processes of their own, and so do those that only a process can meet', async () => {
    const sampled = families.flatMap((family) =>
      inputs.filter((one) => one.family === family && isForProcess(one)).slice(0, 1),
    );
    assert.ok(sampled.length > 10);
    const cases: readonly Case[] = [
      ...sampled.map((input): Case => [input.args, { env: variablesOf(input) }, input.exit]),
      ...(canLackRights() ? READ_ONLY : []),
      ...UNREACHABLE,
      [['recipe', 'run', 'broken.yaml'], {}, 2],
    ];
    close(world);
    const before = snapshot(world.root);
    const faults = await Promise.all(
      cases.map(async ([args, options, exit]) => {
        const ran = await runProcess(world, args, options);
        return answerFaults({ family: '', args, exit }, ran).map((fault) => `${args.join(' ')}: ${fault}`);
      }),
    );
    assert.deepEqual(faults.flat(), []);
    assert.deepEqual(snapshot(world.root), before);
  }).timeout(300_000);

  /** What is wrong with how the input is answered, a line each. */
  async function faultsOf(input: BadInput): Promise<readonly string[]> {
    for (const [name, text] of Object.entries(input.files ?? {})) writeFileSync(join(world.cwd, name), text);
    const before = snapshot(world.root);
    const env = Object.entries(input.env ?? {}).map(([name, value]) => [
      name,
      value.replace('$ROOT', world.root),
    ]);
    const ran = await runHere(world, input.args, Object.fromEntries(env) as Record<string, string>);
    const after = snapshot(world.root);
    const made = after.filter((one) => !before.includes(one));
    const gone = before.filter((one) => !after.includes(one));
    return [...answerFaults(input, ran), ...[...made, ...gone].map((one) => `changed ${one}`)].map(
      (fault) => `${JSON.stringify([input.args, input.env ?? {}, input.files ?? {}])}: ${fault}`,
    );
  }

  function variablesOf({ env = {} }: BadInput): Readonly<Record<string, string>> {
    return Object.fromEntries(
      Object.entries(env).map(([name, value]) => [name, value.replace('$ROOT', world.root)]),
    );
  }
});

/** Everybody may look at the world, and nobody (but root, who may do everything) may write to it. */
function close({ root, home, cwd }: World): void {
  for (const folder of [root, home, join(home, 'store'), cwd]) chmodSync(folder, 0o555);
}

/** Our own form, and that of the library for command lines. */
const IN_WORDS = /expected [^]+, got |^error: |^Usage: /m;
const STACK = /\n\s+at .+:\d+/;

function answerFaults({ exit }: BadInput, { code, stdout, stderr }: Ran): readonly string[] {
  const said = stderr.slice(0, 400);
  return [
    ...(code === exit
      ? []
      : [`exit code ${String(code)} instead of ${String(exit)}: ${said}${stdout.slice(0, 200)}`]),
    ...(STACK.test(stderr) ? [`a stack trace: ${said}`] : []),
    ...(IN_WORDS.test(stderr) ? [] : [`no words of ours: ${said}`]),
    ...(/[\p{Cc}\u202a-\u202e]/u.test(stderr.replace(/[\n\t]/g, ''))
      ? [`control characters: ${JSON.stringify(said)}`]
      : []),
    ...(stdout === '' ? [] : [`data on stdout: ${stdout.slice(0, 200)}`]),
    ...(stderr.length > 12_000 ? [`${String(stderr.length)} characters`] : []),
  ];
}
