import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { completionScript } from './completion.js';
import { allCommands, createProgram } from './main.js';

let program: Command;

/** What bash offers for the words, the last of which is being typed. */
function offered(words: readonly string[], home: string): readonly string[] {
  const quoted = words.map((word) => `'${word}'`).join(' ');
  const script = `${completionScript('bash', program)}
COMP_WORDS=(${quoted}); COMP_CWORD=${String(words.length - 1)}; _lamdagent; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const env = { PATH: process.env['PATH'], LAMDAGENT_HOME: home };
  return execFileSync('bash', ['--norc', '-c', script], { encoding: 'utf8', env }).trim().split('\n');
}

describe('shell completion', () => {
  const home = mkdtempSync(join(tmpdir(), 'lamdagent-home-'));
  before(async () => {
    program = await createProgram(() => undefined);
    mkdirSync(join(home, 'store/names'), { recursive: true });
    writeFileSync(join(home, 'store/names/my-search.json'), '{}');
  });
  after(() => {
    rmSync(home, { recursive: true });
  });

  it('offers commands, their options, commands of commands, and explorations of the home', () => {
    assert.deepEqual(offered(['lamdagent', 'sta'], home), ['start', 'status']);
    assert.deepEqual(offered(['npx', 'lamdagent', 'exp'], home), ['export']);
    assert.deepEqual(offered(['lamdagent', 'start', '--f'], home), ['--follow', '--fresh']);
    assert.deepEqual(offered(['lamdagent', 'report', 'my'], home), ['my-search']);
    assert.deepEqual(offered(['lamdagent', 'recipe', 'r'], home), ['run']);
    assert.deepEqual(offered(['lamdagent', 'recipe', 'run', '--fr'], home), ['--from']);
  });

  it('has every option of every command in each shell', () => {
    const options = allCommands(program).flatMap((command) =>
      command.options.flatMap(({ long }) => long ?? []),
    );
    assert.ok(options.length > 60);
    for (const shell of ['bash', 'zsh', 'fish'] as const) {
      const script = completionScript(shell, program);
      for (const option of options)
        assert.ok(script.includes(shell === 'fish' ? `-l ${option.slice(2)}` : option), `${shell} ${option}`);
    }
  });

  it('has every command in each shell', () => {
    for (const shell of ['bash', 'zsh', 'fish'] as const) {
      const script = completionScript(shell, program);
      for (const { name } of program.commands.map((command) => ({ name: command.name() })))
        assert.match(script, new RegExp(`[ '"(]${name}[ '")]`), `${shell} ${name}`);
    }
  });
});
