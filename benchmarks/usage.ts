import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** What a process has used so far, and holds now. */
export interface Usage {
  readonly cpuSeconds: number;
  readonly rssBytes: number;
}

/** Linux counts processor time in hundredths of a second for programs, whatever the kernel's own clock. */
const TICKS_A_SECOND = 100;

/** Throws when the process is gone. */
export function usageOf(pid: number): Usage {
  return process.platform === 'linux' ? usageOnLinux(pid) : usageByPs(pid);
}

/** /proc/<pid>/stat: fields 14 and 15 are the ticks in the program and in the kernel; VmRSS is in kB. */
function usageOnLinux(pid: number): Usage {
  const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1];
  return { cpuSeconds: ticks / TICKS_A_SECOND, rssBytes: 1024 * Number(kilobytes ?? 0) };
}

/** `time` is [dd-][hh:]mm:ss[.cc]. */
function usageByPs(pid: number): Usage {
  const [kilobytes = '', time = ''] = execFileSync('ps', ['-o', 'rss=,time=', '-p', String(pid)], {
    encoding: 'utf8',
  })
    .trim()
    .split(/\s+/);
  return { cpuSeconds: secondsOf(time), rssBytes: 1024 * Number(kilobytes) };
}

/** Seconds of `[dd-][hh:]mm:ss[.cc]`, as ps writes processor time. */
export function secondsOf(time: string): number {
  const [days, clock = ''] = time.includes('-') ? time.split('-') : ['0', time];
  return clock.split(':').reduce((sum, part) => 60 * sum + Number(part), 0) + 86_400 * Number(days);
}

/** Open file descriptors; null where the system does not show them. */
export function openFilesOf(pid: number): number | null {
  if (process.platform !== 'linux') return null;
  return readdirSync(`/proc/${String(pid)}/fd`).length;
}
