import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { parseSpec } from '../activities/spec/spec.js';
import { createProgram } from '../cli/main.js';

const root = join(import.meta.dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');

function blocks(language: string): readonly string[] {
  const fences = new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``, 'g');
  return [...readme.matchAll(fences)].map((match) => match[1] ?? '');
}

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
    for (const name of ['start', 'test', 'check', 'build', 'format']) assert.ok(scripts[name], name);
  });

  it('shows a spec that parses', () => {
    for (const text of blocks('yaml')) {
      const parsed = parseSpec(parse(text));
      assert.ok(parsed.ok, JSON.stringify(parsed));
    }
  });

  it('names commands that exist, and all of them', async () => {
    const program = await createProgram(() => undefined);
    const known = program.commands.map((command) => command.name());
    const used = [...readme.matchAll(/npx lamdagent (\w+)/g)].map((match) => match[1] ?? '');
    assert.ok(used.length >= 3);
    for (const name of used) assert.ok(known.includes(name), name);
    for (const name of known) assert.match(readme, new RegExp(`\`${name}[ \`]`));
  });

  it('links to files that exist', () => {
    for (const match of readme.matchAll(/`((?:docs|examples)\/[\w./-]+|[\w-]+\.yml|\.ci\/run)`/g))
      assert.ok(existsSync(join(root, match[1] ?? '')), match[1]);
  });

  it('tells the truth about `npm start`: it ends with a report, and a second one shows it again', async () => {
    const home = mkdtempSync(join(tmpdir(), 'lamdagent-readme-'));
    try {
      const command = `${(blocks('sh')[0] ?? '').trim()} -- --trials 1`;
      const first = await shell(command, { LAMDAGENT_HOME: home });
      assert.equal(first.code, 0, first.output);
      for (const words of [
        /Temporal Web UI: http/,
        /champion: /,
        /gain over the base: .*interval/,
        /report: .*\.html/,
      ])
        assert.match(first.output, words);
      const second = await shell('npm start', { LAMDAGENT_HOME: home });
      assert.equal(second.code, 0, second.output);
      assert.match(second.output, /is finished already/);
    } finally {
      rmSync(home, { recursive: true });
    }
  }).timeout(400_000);
});
