import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { signalGroup } from './childProcess.js';
import { readJsonFile, writeJsonFile } from './home.js';
import { isAlive, ProcessIdentity } from './processIdentity.js';

const Recorded = z.array(ProcessIdentity.extend({ name: z.string() }));
type Recorded = z.infer<typeof Recorded>;
const GRACE_MS = 5000;

/** Which children run, on disk: what the next start must end when this process is killed. */
export interface ProcessRecord {
  add(name: string, identity: ProcessIdentity): void;
  remove(identity: ProcessIdentity): void;
}

export function openProcessRecord(file: string): ProcessRecord {
  let running: Recorded = [];
  const write = (): void => {
    writeJsonFile(file, running);
  };
  write();
  return {
    add: (name, identity) => {
      running = [...running, { name, ...identity }];
      write();
    },
    remove: ({ pid, began }) => {
      running = running.filter((one) => one.pid !== pid || one.began !== began);
      write();
    },
  };
}

/** Ends what an earlier run left behind: only processes that are still the recorded ones. Returns their names. */
export async function endLeftovers(file: string): Promise<readonly string[]> {
  const left = (Recorded.safeParse(readJsonFile(file)).data ?? []).filter(isAlive);
  for (const one of left) signalGroup(one.pid, 'SIGTERM');
  const deadline = Date.now() + GRACE_MS;
  while (left.some(isAlive) && Date.now() < deadline) await sleep(50);
  for (const one of left.filter(isAlive)) signalGroup(one.pid, 'SIGKILL');
  while (left.some(isAlive) && Date.now() < deadline + GRACE_MS) await sleep(20);
  return left.map((one) => one.name);
}
