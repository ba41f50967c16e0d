import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** An attempt's record in the work area, as far as the matrix reads it. */
export interface WorkAttempt {
  readonly stageId: string;
  readonly attempt: number;
  readonly worker: string;
  readonly end: string;
  readonly resumedStep: number;
  readonly lastStep: number;
}

/** How far the work has come, read from the store alone, so that it can be told while everything is down. */
export interface Mark {
  readonly rows: number;
  readonly objects: number;
  readonly attempts: readonly WorkAttempt[];
}

/** Where objects and attempts are looked up; the ledger's rows come through the store. */
export interface WorkArea {
  objects(): Promise<number>;
  attempts(): Promise<readonly WorkAttempt[]>;
}

/** True when more was done: a row, an object, or a training step that was not there before. */
export function advanced(before: Mark, now: Mark): boolean {
  if (now.rows > before.rows || now.objects > before.objects) return true;
  return now.attempts.some((one) => {
    const earlier = before.attempts.find((other) => other.stageId === one.stageId);
    if (earlier?.attempt === one.attempt) return one.lastStep > earlier.lastStep;
    return (earlier === undefined || one.attempt > earlier.attempt) && one.lastStep > one.resumedStep;
  });
}

/** The newest attempt that trains now, if any. */
export function training(mark: Mark): WorkAttempt | null {
  return mark.attempts.find((one) => one.end === '' && one.lastStep > one.resumedStep) ?? null;
}

/** The work area of a folder store. */
export function folderWorkArea(store: string): WorkArea {
  return {
    objects: async () => (await names(join(store, 'objects'))).length,
    attempts: async () => {
      const stages = await names(join(store, 'work'));
      const newest = await Promise.all(stages.map((stageId) => newestAttempt(store, stageId)));
      return newest.filter((one) => one !== null);
    },
  };
}

async function newestAttempt(store: string, stageId: string): Promise<WorkAttempt | null> {
  const folder = join(store, 'work', stageId, 'attempts');
  const last = (await names(folder))
    .filter((name) => /^\d+\.json$/.test(name))
    .sort()
    .at(-1);
  if (last === undefined) return null;
  try {
    const record = JSON.parse(await readFile(join(folder, last), 'utf8')) as Omit<WorkAttempt, 'stageId'>;
    return { ...record, stageId };
  } catch {
    return null; // removed in this moment: the stage was published
  }
}

async function names(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch {
    return [];
  }
}
