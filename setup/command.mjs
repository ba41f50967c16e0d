// Runs a program quietly: its output goes to a log, whose end is shown when it fails.
import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { cache, root } from './root.mjs';
import { say, SetupFault } from './progress.mjs';

const STILL_AT_IT_MS = 20_000;

/** Resolves when the program exits 0; else rejects with its last lines and `fix`, what the person can do. */
export async function command(name, program, args, { fix = '', env = {} } = {}) {
  const logFile = join(cache, 'logs', `${name.replaceAll(' ', '-')}.log`);
  mkdirSync(join(logFile, '..'), { recursive: true });
  const { code, tail } = await logged(name, spawn(program, args, options(env)), createWriteStream(logFile));
  if (code === 0) return;
  throw new SetupFault(
    `${name}: expected exit code 0, got ${code}.\n${indent(tail)}\n${fix} Full log: ${logFile}`,
  );
}

/** Shows the program's output as it comes; resolves with its exit code. */
export function shown(program, args, { env = {} } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...options(env), stdio: 'inherit' });
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

/** Collects the program's output; resolves with it and the exit code. */
export function collected(program, args, { env = {}, cwd = root } = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { ...options(env), cwd });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.on('error', (error) => resolve({ code: 127, output: error.message }));
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

function options(env) {
  return { cwd: root, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] };
}

function logged(name, child, log) {
  let tail = '';
  const tick = setInterval(() => say(`${name}: still at it`), STILL_AT_IT_MS);
  const take = (chunk) => {
    log.write(chunk);
    tail = (tail + chunk).slice(-2000);
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  return new Promise((resolve) => {
    const end = (code) => {
      clearInterval(tick);
      log.end();
      resolve({ code, tail });
    };
    child.on('error', (error) => {
      take(error.message);
      end(127);
    });
    child.on('close', (code, signal) => end(code ?? signal));
  });
}

function indent(text) {
  const lines = text.trim().split('\n').slice(-15);
  return lines.map((line) => `    ${line}`).join('\n');
}
