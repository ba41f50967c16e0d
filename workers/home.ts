import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The files of an embedded installation, all under LAMDAGENT_HOME. */
export interface Home {
  readonly folder: string;
  readonly database: string;
  readonly serverFile: string;
  readonly processesFile: string;
  readonly lockFile: string;
  readonly startsFolder: string;
  readonly reportsFolder: string;
  log(name: string): string;
}

export function homeAt(folder: string): Home {
  return {
    folder,
    database: join(folder, 'temporal.db'),
    serverFile: join(folder, 'server.json'),
    processesFile: join(folder, 'processes.json'),
    lockFile: join(folder, 'lock'),
    startsFolder: join(folder, 'starts'),
    reportsFolder: join(folder, 'reports'),
    log: (name) => join(folder, 'logs', `${name}.log`),
  };
}

/** Where an exploration's report is written unasked. */
export function reportFile(home: Home, name: string): string {
  return join(home.reportsFolder, `${name}.html`);
}

export function makeHome(home: Home): void {
  for (const folder of [home.folder, join(home.folder, 'logs'), home.startsFolder])
    mkdirSync(folder, { recursive: true });
}

/** The parsed file, or null when it is missing or torn. */
export function readJsonFile(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as unknown;
  } catch {
    return null;
  }
}

/** Replaces the file in one step, so that a kill leaves the old one or the new one. */
export function writeJsonFile(file: string, value: unknown): void {
  const fresh = `${file}.${String(process.pid)}`;
  writeFileSync(fresh, `${JSON.stringify(value, null, 2)}\n`);
  renameSync(fresh, file);
}
