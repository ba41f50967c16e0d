import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { UserFault } from './fault.js';
import type { Home } from './home.js';
import { identityOf, isAlive, ProcessIdentity } from './processIdentity.js';

const Holder = ProcessIdentity.extend({ since: z.string() });
type Holder = z.infer<typeof Holder>;

/** Takes the home for this process; returns the function that gives it back. A dead holder's lock counts for nothing. */
export function takeLock(home: Home): () => void {
  const identity = identityOf(process.pid);
  const mine: Holder = { pid: process.pid, began: identity?.began ?? '', since: new Date().toISOString() };
  const fresh = `${home.lockFile}.${String(process.pid)}`;
  writeFileSync(fresh, JSON.stringify(mine));
  try {
    for (let tries = 0; !linked(fresh, home.lockFile); tries += 1) {
      const holder = readHolder(home.lockFile);
      if ((holder !== null && isAlive(holder)) || tries > 5) throw taken(home, holder);
      setAside(home.lockFile);
    }
  } finally {
    rmSync(fresh, { force: true });
  }
  return () => {
    if (readHolder(home.lockFile)?.began === mine.began) rmSync(home.lockFile, { force: true });
  };
}

/** A hard link is made or refused in one step, whole content included. */
function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Moves a dead lock away; if a rival was faster and a living one was moved, it is put back. */
function setAside(lockFile: string): void {
  const aside = `${lockFile}.stale.${String(process.pid)}`;
  try {
    renameSync(lockFile, aside);
  } catch {
    return;
  }
  const moved = readHolder(aside);
  if (moved !== null && isAlive(moved)) linked(aside, lockFile);
  rmSync(aside, { force: true });
}

function readHolder(file: string): Holder | null {
  try {
    return Holder.safeParse(JSON.parse(readFileSync(file, 'utf8'))).data ?? null;
  } catch {
    return null;
  }
}

function taken(home: Home, holder: Holder | null): UserFault {
  const who = holder === null ? 'another process' : `process ${String(holder.pid)} since ${holder.since}`;
  return new UserFault(
    `LAMDAGENT_HOME ${home.folder}: expected to be free, got held by ${who}. ` +
      'Follow it from here with `npx lamdagent watch NAME`, stop it there with Ctrl-C, or set LAMDAGENT_HOME to another folder.',
  );
}
