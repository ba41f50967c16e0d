import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export type FailpointAction = 'kill' | 'kill-parent' | 'enospc' | 'error' | 'stop' | `sleep ${number}`;

/** Who acted at an armed point, and when. */
export interface Fired {
  readonly pid: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** The folder that LAMDAGENT_FAILPOINTS names: a file arms a point, its `.fired` twin says that it acted. */
export interface Failpoints {
  readonly folder: string;
  arm(point: string, action: FailpointAction): void;
  disarm(point: string): void;
  fired(point: string): Fired | null;
}

export function openFailpoints(folder: string): Failpoints {
  mkdirSync(folder, { recursive: true });
  const fileOf = (point: string): string => join(folder, point.replace('/', '.'));
  return {
    folder,
    arm: (point, action) => {
      rmSync(`${fileOf(point)}.fired`, { force: true });
      writeFileSync(`${fileOf(point)}.new`, action);
      renameSync(`${fileOf(point)}.new`, fileOf(point));
    },
    disarm: (point) => {
      rmSync(fileOf(point), { force: true });
    },
    fired: (point) => {
      const file = `${fileOf(point)}.fired`;
      if (!existsSync(file)) return null;
      const [pid, seconds] = readFileSync(file, 'utf8').split(' ');
      // Between the rename and the note the file still holds the action.
      if (!/^\d+$/.test(pid ?? '') || seconds === undefined) return null;
      return { pid: Number(pid), at: Number(seconds) * 1000 };
    },
  };
}
