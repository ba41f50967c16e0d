import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createProgram } from '../../cli/main.js';
import { ROOT } from './composeFile.js';

/** What `gpu-worker` adds to its notice before it kills (workers/gpuWorker.ts), and what the orchestrator takes. */
const SLACK_SECONDS = 5;
const ORCHESTRATOR_SECONDS = 12;

const PROGRAM = await createProgram(() => undefined);

/** Fails unless `lamdagent` has this command with these options and values. */
export function assertCommand(words: readonly string[]): void {
  const [name = '', ...rest] = words;
  const command = PROGRAM.commands.find((one) => one.name() === name);
  assert.ok(command, `expected a command of lamdagent, got ${words.join(' ')}`);
  command.configureOutput({ writeErr: () => undefined });
  const { operands, unknown } = command.parseOptions(rest);
  assert.deepEqual(unknown, [], words.join(' '));
  const { registeredArguments } = command;
  const needed = registeredArguments.filter(({ required }) => required).length;
  assert.ok(
    operands.length >= needed && operands.length <= registeredArguments.length,
    `expected the arguments of ${name}, got ${words.join(' ')}`,
  );
  operands.forEach((operand, at) => {
    const choices = registeredArguments[at]?.argChoices;
    assert.ok(choices === undefined || choices.includes(operand), words.join(' '));
  });
}

/** How long a command may take to end after SIGTERM. */
export function secondsToEnd(words: readonly string[]): number {
  if (words[0] === 'orchestrator') return ORCHESTRATOR_SECONDS;
  const at = words.indexOf('--notice');
  const notice = at < 0 ? 30 : Number(words[at + 1]);
  assert.ok(Number.isFinite(notice), words.join(' '));
  return notice + SLACK_SECONDS;
}

/** A program of an extra requirement (python-gpu/requirements-fleet.txt); null: it isn't installed. */
export function fleetTool(name: string): string | null {
  const file = join(process.env['LAMDAGENT_VENV'] ?? join(ROOT, '.venv'), 'bin', name);
  return existsSync(file) ? file : null;
}

/** Skips with a reason; for the `before` of a suite that needs a tool. */
export function skipWithout(context: Mocha.Context, name: string): string {
  const file = fleetTool(name);
  if (file !== null) return file;
  console.warn(
    `${name} is not installed: .venv/bin/pip install --no-deps -r python-gpu/requirements-fleet.txt`,
  );
  return context.skip();
}
