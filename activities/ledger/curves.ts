import { trialName, type StageCost, type TrialRecord } from '../../domain/trial.js';
import { lossEnds, type TrainingCurve } from '../../domain/trainingCurve.js';
import { TrainingCurveSchema } from '../spec/contract.js';
import { keys } from '../store/keys.js';
import type { Store } from '../store/store.js';

/** Curves by stage id; a training of before there were curves has none. */
export type Curves = ReadonlyMap<string, TrainingCurve>;

/** One training, however many trials share it. */
export interface Training {
  /** The trial that ended in it, else the first that needed it. */
  readonly trial: number;
  readonly stage: StageCost;
  /** `t0007 sft`. */
  readonly name: string;
}

const UNTRAINED: readonly string[] = ['merge', 'evaluate'];

/** The trainings among the stages that a trial ran or reused. */
export function trainedStages({ stages }: Pick<TrialRecord, 'stages'>): readonly StageCost[] {
  return stages.filter(({ kind }) => !UNTRAINED.includes(kind));
}

/** Every training of the trials, once, in the order of its trials' numbers. */
export function trainingsOf(rows: readonly TrialRecord[]): readonly Training[] {
  const found = new Map<string, Training>();
  for (const row of [...rows].sort((a, b) => a.trial - b.trial))
    for (const stage of trainedStages(row)) {
      const known = found.get(stage.stageId);
      const isItsEnd = row.stageId === stage.stageId && known !== undefined && !endsIn(known, rows);
      if (known === undefined || isItsEnd)
        found.set(stage.stageId, { trial: row.trial, stage, name: `${trialName(row.trial)} ${stage.kind}` });
    }
  return [...found.values()].sort((a, b) => a.trial - b.trial);
}

function endsIn({ trial, stage }: Training, rows: readonly TrialRecord[]): boolean {
  return rows.some((row) => row.trial === trial && row.stageId === stage.stageId);
}

/** `1.624 → 0.711`, or what took its place. */
function lossText(curve: TrainingCurve): string {
  const ends = lossEnds(curve);
  if (ends === null) return 'no finite loss';
  const broke = curve.loss.at(-1) === null ? ', then none that is finite' : '';
  return `${ends.map((loss) => loss.toFixed(3)).join(' → ')}${broke}`;
}

/** Where attempts after the first took the training up, each step once. */
export function resumedSteps({ stage }: Training): readonly number[] {
  const steps = stage.attempts.map(({ resumedStep }) => resumedStep).filter((step) => step > 0);
  return [...new Set(steps)].sort((a, b) => a - b);
}

/** `1.624 → 0.711, 240 steps, ▷ at 96`: ▷ where an attempt went on from a checkpoint. */
export function curveText(training: Training, curve: TrainingCurve): string {
  const resumed = resumedSteps(training);
  const steps = `${String(curve.logged)} steps`;
  return `${lossText(curve)}, ${steps}${resumed.length === 0 ? '' : `, ▷ at ${resumed.join(', ')}`}`;
}

/** The recorded curves of the trials' trainings. A record that is no curve counts as none. */
export async function loadCurves(store: Store, rows: readonly TrialRecord[]): Promise<Curves> {
  const ids = [...new Set(rows.flatMap(trainedStages).map(({ stageId }) => stageId))];
  const curves = await Promise.all(ids.map((stageId) => loadCurve(store, stageId)));
  return new Map(curves.flatMap((curve) => (curve === null ? [] : [[curve.stageId, curve] as const])));
}

async function loadCurve(store: Store, stageId: string): Promise<TrainingCurve | null> {
  const text = await store.read(keys.curve(stageId));
  if (text === null) return null;
  const parsed = TrainingCurveSchema.safeParse(jsonOf(text));
  return parsed.success && parsed.data.stageId === stageId ? parsed.data : null;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
