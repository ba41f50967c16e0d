import { readdirSync, readFileSync } from 'node:fs';

/** Processes that name a folder in their command or their environment, this one left out. Linux only. */
export function processesOf(folder: string): readonly number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => pid !== process.pid && names(pid, folder));
}

/** A zombie has neither any more. */
function names(pid: number, folder: string): boolean {
  try {
    return ['cmdline', 'environ'].some((file) =>
      readFileSync(`/proc/${String(pid)}/${file}`, 'utf8').includes(folder),
    );
  } catch {
    return false; // It ended meanwhile, or belongs to somebody else.
  }
}
