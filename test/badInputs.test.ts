import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createProgram } from '../cli/main.js';
import { badInputs, COMMANDS, type BadInput } from './badInputs/inputs.js';
import { runHere, snapshot, type Ran } from './badInputs/runHere.js';
import { makeWorld, type World } from './badInputs/world.js';

const SEED = 20_261;
const FEWEST = 300;

describe('bad inputs', () => {
  const inputs = badInputs(SEED);
  let world: World;
  before(async function () {
    this.timeout(240_000);
    world = await makeWorld();
    await createProgram(() => undefined); // loads all commands, which takes longer than any of them
  });
  after(() => {
    rmSync(world.root, { recursive: true, force: true });
  });

  it('are at least 300, each another one, over all commands', () => {
    assert.ok(inputs.length >= FEWEST, String(inputs.length));
    assert.equal(new Set(inputs.map((one) => JSON.stringify(one))).size, inputs.length);
    const typed = inputs.map(({ args }) => args.join(' '));
    for (const command of COMMANDS)
      assert.ok(
        typed.some((line) => line.startsWith(command)),
        command,
      );
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
});

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
