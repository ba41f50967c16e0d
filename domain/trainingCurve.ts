/**
 * How a training went, step by step: a record of the store beside its model. All columns are as long as `step`; null
 * where nothing was logged, or no finite number. What a method never logs has no column.
 */
export interface TrainingCurve {
  readonly schemaVersion: 1;
  readonly stageId: string;
  /** How many steps were logged; the points are a choice of them that depends on their number alone. */
  readonly logged: number;
  /** Counted as attempts count: from the first step of the job, rounds of sampling before the training included. */
  readonly step: readonly number[];
  readonly loss: Column;
  readonly learningRate: Column;
  /** Before it was clipped. */
  readonly gradNorm: Column;
  /** Seen since the first step. */
  readonly tokens: Column;
  /** Of preferences: how much higher the chosen answer is rewarded, in the batch's mean. */
  readonly rewardMargin?: Column | null | undefined;
  /** Of preferences: the share of the batch whose chosen answer is rewarded higher. */
  readonly rewardAccuracy?: Column | null | undefined;
  /** Of trainings on sampled answers: the batch's mean reward. */
  readonly reward?: Column | null | undefined;
}
type Column = readonly (number | null)[];

/** The columns besides `step`, in the order in which tables have them. */
export const CURVE_COLUMNS = [
  'loss',
  'learningRate',
  'gradNorm',
  'tokens',
  'rewardMargin',
  'rewardAccuracy',
  'reward',
] as const satisfies readonly (keyof TrainingCurve)[];

/** The first and the last of `count` places, and evenly between them, at most `most` (2 or more). */
export function keptPlaces(count: number, most: number): readonly number[] {
  if (count <= most) return Array.from({ length: count }, (_, place) => place);
  const gaps = most - 1;
  return Array.from({ length: most }, (_, place) =>
    Math.floor((2 * place * (count - 1) + gaps) / (2 * gaps)),
  );
}

/** The same curve with at most so many points. */
export function thinned(curve: TrainingCurve, most: number): TrainingCurve {
  const places = keptPlaces(curve.step.length, most);
  const of = <T>(column: readonly T[]): readonly T[] => column.filter((_, place) => kept.has(place));
  const kept = new Set(places);
  const columns = CURVE_COLUMNS.flatMap((name) => {
    const column = curve[name];
    return column === undefined || column === null ? [] : [[name, of(column)] as const];
  });
  return { ...curve, step: of(curve.step), ...Object.fromEntries(columns) };
}

/** The losses at both ends; null where none was a finite number. */
export function lossEnds({ loss }: TrainingCurve): readonly [first: number, last: number] | null {
  const finite = loss.filter((one) => one !== null);
  const [first, last] = [finite[0], finite.at(-1)];
  return first === undefined || last === undefined ? null : [first, last];
}
