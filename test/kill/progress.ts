import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** The newest attempt at a training stage, as far as it got: the GPU worker notes every step in a local file. */
export interface Pace {
  readonly stageId: string;
  readonly attempt: number;
  readonly step: number;
  /** Seconds since its last step. */
  readonly ageSeconds: number;
}

/** How far the work has come, read from files alone, so that it can be told while everything is down. */
export interface Mark {
  readonly rows: number;
  readonly objects: number;
  readonly paces: readonly Pace[];
}

/** True when more was done: a row, an object, or a training step that was not there before. */
export function advanced(before: Mark, now: Mark): boolean {
  if (now.rows > before.rows || now.objects > before.objects) return true;
  return now.paces.some((one) => {
    const earlier = before.paces.find(({ stageId }) => stageId === one.stageId);
    return earlier?.attempt === one.attempt ? one.step > earlier.step : one.attempt > (earlier?.attempt ?? 0);
  });
}

/** The mark of a moment after which the attempts of then do nothing more that counts. */
export function withoutAttempts(mark: Mark): Mark {
  return { ...mark, paces: mark.paces.map((one) => ({ ...one, step: Number.POSITIVE_INFINITY })) };
}

/** Seconds without a step after which nothing is trained any more, whatever the file says. */
const QUIET_SECONDS = 1;

/** The attempt that trains now, if any. */
export function training(mark: Mark): Pace | null {
  return mark.paces.find(({ ageSeconds }) => ageSeconds < QUIET_SECONDS) ?? null;
}

/** The paces of the stages that are being worked on, from the local work folders of the GPU workers. */
export async function readPaces(roots: readonly string[]): Promise<readonly Pace[]> {
  const found = await Promise.all(roots.map(pacesUnder));
  const newest = new Map<string, Pace>();
  for (const one of found.flat())
    if (one.attempt > (newest.get(one.stageId)?.attempt ?? 0)) newest.set(one.stageId, one);
  return [...newest.values()];
}

async function pacesUnder(root: string): Promise<readonly Pace[]> {
  const stages = await namesIn(join(root, 'work'));
  const found = await Promise.all(stages.map((stageId) => newestPace(root, stageId)));
  return found.filter((one) => one !== null);
}

async function newestPace(root: string, stageId: string): Promise<Pace | null> {
  const folder = join(root, 'work', stageId, 'pace');
  const last = (await namesIn(folder)).sort().at(-1);
  if (last === undefined) return null;
  try {
    const [text, { mtimeMs }] = await Promise.all([
      readFile(join(folder, last), 'utf8'),
      stat(join(folder, last)),
    ]);
    const step = Number.parseInt(text, 10);
    if (Number.isNaN(step)) return null; // no step yet
    return { stageId, attempt: Number(last), step, ageSeconds: (Date.now() - mtimeMs) / 1000 };
  } catch {
    return null; // removed in this moment: the stage was published
  }
}

export async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch {
    return [];
  }
}
