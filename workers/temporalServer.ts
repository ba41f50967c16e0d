import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { ATTRIBUTE_NAMES, spelledType } from '../activities/service/attributes.js';
import type { Program } from './childProcess.js';
import { canConnect } from './connect.js';
import type { Environment } from './env.js';
import { UserFault } from './fault.js';
import { readJsonFile, writeJsonFile, type Home } from './home.js';
import { choosePort } from './ports.js';

/** Where the embedded server listens; kept between runs, so that links and bookmarks stay good. */
const ServerFile = z.object({ schemaVersion: z.literal(1), port: z.int(), uiPort: z.int() });
export interface ServerAddress {
  readonly address: string;
  readonly webUi: string;
  readonly port: number;
  readonly uiPort: number;
}

const START_MS = 60_000;

export function readServerAddress(home: Home): ServerAddress | null {
  const parsed = ServerFile.safeParse(readJsonFile(home.serverFile));
  return parsed.success ? addressOf(parsed.data.port, parsed.data.uiPort) : null;
}

/** Chooses ports and records them. */
export async function chooseServerAddress(env: Environment, home: Home): Promise<ServerAddress> {
  const last = readServerAddress(home);
  const port = await choosePort('LAMDAGENT_PORT', env.port, last?.port ?? null);
  const uiPort = await choosePort('LAMDAGENT_UI_PORT', env.uiPort, last?.uiPort ?? null);
  writeJsonFile(home.serverFile, { schemaVersion: 1, port, uiPort });
  return addressOf(port, uiPort);
}

function addressOf(port: number, uiPort: number): ServerAddress {
  return { address: `127.0.0.1:${String(port)}`, webUi: `http://127.0.0.1:${String(uiPort)}`, port, uiPort };
}

/** The `temporal` program of PATH, else of the Python environment. */
export function findTemporal(env: Environment): string | null {
  const folders = [...env.path.split(delimiter), join(env.venv, 'bin')];
  return folders.map((folder) => join(folder, 'temporal')).find((file) => existsSync(file)) ?? null;
}

/**
 * Every commit is on the disk before the server answers, so that not even a power cut takes it back; but by one write to a
 * log and one sync, not by a journal that is made and removed each time.
 */
const PRAGMAS = ['journal_mode=wal', 'synchronous=full'];

/**
 * How often a second a shard may look for tasks of each kind. The default, 20, is meant for servers of many shards; this one
 * has one shard, and each step of each workflow would wait for the next twentieth of a second.
 */
const LOOKS_A_SECOND = 1000;
/** What a server of one shard is told beyond its defaults. */
export const SERVER_SETTINGS = ['transfer', 'timer', 'visibility'].flatMap((kind) => [
  '--dynamic-config-value',
  `history.${kind}ProcessorMaxPollRPS=${String(LOOKS_A_SECOND)}`,
]);

export function serverProgram(env: Environment, home: Home, server: ServerAddress): Program {
  const temporal = findTemporal(env);
  if (temporal === null)
    throw new UserFault(
      'Temporal server: expected the program `temporal` on PATH or in the Python environment, got neither. Run `npm run setup`, or install it from https://docs.temporal.io/cli.',
    );
  const attributes = ATTRIBUTE_NAMES.map((name) => `${name}=${spelledType(name)}`);
  const args = [
    ...['server', 'start-dev', '--db-filename', home.database, '--ip', '127.0.0.1', '--log-level', 'error'],
    ...['--port', String(server.port), '--ui-port', String(server.uiPort)],
    ...PRAGMAS.flatMap((pragma) => ['--sqlite-pragma', pragma]),
    ...SERVER_SETTINGS,
    ...attributes.flatMap((attribute) => ['--search-attribute', attribute]),
  ];
  const named = { name: 'Temporal server', logFile: home.log('temporal'), env: {}, graceMs: 8000 };
  return { ...named, ...dyingWithUs(env, temporal, args) };
}

/**
 * The server doesn't look after its parent, so on Linux the kernel is told to end it with us (prctl PR_SET_PDEATHSIG = 1).
 * Elsewhere the next start ends it (processRecord.ts).
 */
function dyingWithUs(
  env: Environment,
  program: string,
  args: readonly string[],
): Pick<Program, 'command' | 'args'> {
  const python = join(env.venv, 'bin', 'python');
  if (process.platform !== 'linux' || !existsSync(python)) return { command: program, args };
  const script = [
    'import ctypes, os, signal, sys',
    'ctypes.CDLL(None).prctl(1, signal.SIGTERM)',
    'os.getppid() == int(sys.argv[1]) and os.execv(sys.argv[2], sys.argv[2:])',
  ].join('\n');
  return { command: python, args: ['-I', '-c', script, String(process.pid), program, ...args] };
}

/** Resolves when the server answers. */
export async function serverAnswers({ address }: ServerAddress, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + START_MS;
  while (!signal.aborted && Date.now() < deadline) {
    if (await canConnect(address, 1000)) return;
    await sleep(50);
  }
  if (!signal.aborted)
    throw new UserFault(
      `Temporal server: expected an answer at ${address} within ${String(START_MS / 1000)} s, got none.`,
    );
}
