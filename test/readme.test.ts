import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { parseSpec } from '../activities/spec/spec.js';
import { createProgram } from '../cli/main.js';

const root = join(import.meta.dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');

function blocks(language: string, page = readme): readonly string[] {
  const fences = new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``, 'g');
  return [...page.matchAll(fences)].map((match) => match[1] ?? '');
}

/** Commands in blocks and within the text, without what follows a `#`. */
function shownCommands(): readonly string[] {
  const inBlocks = blocks('sh').flatMap((block) => block.trim().split('\n'));
  const inText = [...readme.matchAll(/`((?:npm|npx|temporal|\.ci\/run)[^`\n]*)`/g)].map(
    ([, one = '']) => one,
  );
  return [...new Set([...inBlocks, ...inText])];
}

/** Another test that runs the command: its file, and words of it that show that. */
interface Elsewhere {
  readonly file: string;
  readonly words: string;
}
const walked = (words: string): Elsewhere => ({ file: 'test/ownModel.ts', words });

/** Every command that the README shows: run here, run by another test, or the reason why it is not run. */
const SHOWN: Readonly<Record<string, 'here' | Elsewhere | { readonly notRun: string }>> = {
  'npm start': 'here',
  'npm start -- --fresh': 'here',
  'npm test': { notRun: 'it is what runs this test; .ci/run takes the line from the README' },
  'npx lamdagent init --model ./model --data chats.jsonl pairs.jsonl': walked(
    'lamdagent init --model model --data',
  ),
  'npx lamdagent validate spec.yaml': walked('lamdagent validate spec.yaml'),
  'npx lamdagent up': walked("'up'"),
  'npx lamdagent start spec.yaml --follow': walked('lamdagent start spec.yaml --follow'),
  'npx lamdagent export my-search ./my-model': walked('lamdagent export my-search'),
  'npm run example:smollm2': { notRun: 'half an hour, and a download; docs/benchmarks.md has a run of it' },
  'npm run check': { file: '.ci/run', words: 'npm run check' },
  'npm run build': { file: 'setup/setup.mjs', words: 'ensureBuilt' },
  'npm run format': { notRun: 'it writes to the sources; `npm run check` says whether it is needed' },
  '.ci/run': { notRun: 'it runs this test' },
  'npm run test:kill -- --quick': {
    notRun:
      'minutes of kills; test/kill/kill.test.ts injects faults of the same matrix into a smaller exploration',
  },
};

function shell(
  command: string,
  env: Readonly<Record<string, string>>,
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = spawn('sh', ['-c', command], { cwd: root, env: { ...process.env, ...env } });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('close', (code) => {
      resolve({ code, output });
    });
  });
}

describe('the README', () => {
  it('begins with the two commands, and package.json has them', () => {
    assert.deepEqual(blocks('sh').slice(0, 2), ['npm start\n', 'npm test\n']);
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const used = shownCommands().flatMap((one) => {
      const [, name] = /^npm (?:run )?([\w:]+)/.exec(one) ?? [];
      return name === undefined ? [] : [name];
    });
    assert.ok(used.length >= 6);
    for (const name of used) assert.ok(scripts[name], name);
  });

  it('shows no command that nobody runs without a reason', () => {
    assert.deepEqual([...shownCommands()].sort(), Object.keys(SHOWN).sort());
    for (const [command, how] of Object.entries(SHOWN))
      if (how !== 'here' && 'file' in how)
        assert.ok(readFileSync(join(root, how.file), 'utf8').includes(how.words), command);
  });

  it('names commands that exist', async () => {
    const program = await createProgram(() => undefined);
    const known = program.commands.map((command) => command.name());
    const used = [...readme.matchAll(/npx lamdagent ([\w-]+)/g)].map((match) => match[1] ?? '');
    assert.ok(used.length >= 5);
    for (const name of used) assert.ok(known.includes(name), name);
  });

  it('is short', () => {
    assert.ok(readme.split('\n').length <= 100, String(readme.split('\n').length));
  });

  it('tells the truth about `npm start`: it ends with a report, a second one shows it again, a fresh one begins anew', async () => {
    const home = mkdtempSync(join(tmpdir(), 'lamdagent-readme-'));
    try {
      const command = (blocks('sh')[0] ?? '').trim();
      const first = await shell(`${command} -- --trials 1`, { LAMDAGENT_HOME: home });
      assert.equal(first.code, 0, first.output);
      const ends = [
        /Temporal Web UI: http/,
        /champion: /,
        /gain over the base: .*interval/,
        /report: .*\.html/,
      ];
      for (const words of ends) assert.match(first.output, words);
      const second = await shell(command, { LAMDAGENT_HOME: home });
      assert.equal(second.code, 0, second.output);
      assert.match(second.output, /is finished already/);
      const fresh = await shell(`${command} -- --fresh --trials 1`, { LAMDAGENT_HOME: home });
      assert.equal(fresh.code, 0, fresh.output);
      assert.doesNotMatch(fresh.output, /is finished already/);
      for (const words of ends) assert.match(fresh.output, words);
    } finally {
      rmSync(home, { recursive: true });
    }
  }).timeout(500_000);
});

describe('docs/spec.md', () => {
  it('shows a spec that parses', () => {
    const shown = blocks('yaml', readFileSync(join(root, 'docs/spec.md'), 'utf8'));
    assert.equal(shown.length, 1);
    for (const text of shown) {
      const parsed = parseSpec(parse(text));
      assert.ok(parsed.ok, JSON.stringify(parsed));
    }
  });
});
