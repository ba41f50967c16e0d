import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { withGenerated } from '../activities/spec/generatedDocs.js';
import { commandDocs, DOCS_BEGIN, DOCS_END, fullName, helpOf } from './cliDocs.js';
import { COMMAND_GROUPS, groupsFor } from './commands.js';
import { allCommands, createProgram } from './main.js';

const root = join(import.meta.dirname, '..');
const page = readFileSync(join(root, 'docs/cli.md'), 'utf8');
let program: Command;
before(async () => {
  program = await createProgram(() => undefined);
});

/** What our own processes tell each other; no person sets these. */
const INTERNAL = ['LAMDAGENT_PARENT_PID', 'LAMDAGENT_FAILPOINTS'];

describe('the help', () => {
  it('of each command ends with an example of that very command', () => {
    for (const command of allCommands(program)) {
      const name = fullName(command);
      const [, examples = ''] = /\n\nExamples?(?:, [^\n]*)?:\n([^]*)$/.exec(helpOf(command)) ?? [];
      const lines = examples.trim().split('\n');
      assert.ok(lines.length >= 1 && lines.length <= 2, `${name}: ${helpOf(command)}`);
      for (const line of lines) assert.match(line.trim(), new RegExp(`^npx lamdagent ${name}( |$)`));
    }
  });

  it('stands in docs/cli.md as it is (npx tsx cli/writeCliDocs.ts writes it)', () => {
    const marks = { begin: DOCS_BEGIN, end: DOCS_END };
    assert.equal(page, withGenerated(page, marks, commandDocs(program)));
  });
});

describe('docs/cli.md', () => {
  it('has every variable that the environment is read for', () => {
    const source = readFileSync(join(root, 'workers/env.ts'), 'utf8');
    const read = [...source.matchAll(/(?:text\(|variables\[)'([A-Z_]+)'/g)].map((match) => match[1] ?? '');
    assert.ok(read.length > 15);
    for (const name of read.filter((one) => !INTERNAL.includes(one)))
      assert.match(page, new RegExp(`\`${name}\``));
  });
});

describe('commands in files of their own', () => {
  it('are declared by the group that names them, and by no other', async () => {
    for (const group of COMMAND_GROUPS) {
      const alone = await createProgram(() => undefined, [group]);
      assert.deepEqual([...alone.commands.map((command) => command.name())].sort(), [...group.names].sort());
    }
  });

  it('are loaded one by one, but for the help and what speaks of all', () => {
    assert.deepEqual(groupsFor(['status', 'x'])[0]?.names[0], 'status');
    assert.equal(groupsFor(['status', 'x']).length, 1);
    assert.equal(groupsFor(['--version']).length, 0);
    for (const words of [[], ['--help'], ['help', 'status'], ['frobnicate'], ['completion', 'bash']])
      assert.equal(groupsFor(words).length, COMMAND_GROUPS.length, words.join(' '));
  });
});
