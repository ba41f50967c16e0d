import { keptPlaces, type TrainingCurve } from '../../domain/trainingCurve.js';
import { randomOf } from '../../domain/random.js';
import type { TrialRecord } from '../../domain/trial.js';
import { keys } from '../store/keys.js';
import type { Store } from '../store/store.js';

const TOKENS_A_STEP = 8200;

/** Writes a curve for each training of the synthetic rows that has losses, or that diverged. */
export async function writeSyntheticCurves(store: Store, rows: readonly TrialRecord[]): Promise<void> {
  for (const row of rows) {
    const curve = curveOf(row);
    if (curve !== null) await store.putIfAbsent(keys.curve(row.stageId), JSON.stringify(curve));
  }
}

/** From the first loss down to the last one, with the noise of small batches; a diverged one breaks off halfway. */
function curveOf({ stageId, action, metrics, status }: TrialRecord): TrainingCurve | null {
  const steps = Number(action?.parameters['steps'] ?? 0);
  if (action === null || action.kind === 'merge' || steps === 0) return null;
  const { firstLoss: first = 1.7, loss: last = 0.9 } = metrics;
  if (typeof first !== 'number' || typeof last !== 'number') return null;
  const random = randomOf('curve', stageId);
  const logged = status === 'diverged' ? Math.floor(steps / 2) : steps;
  const places = keptPlaces(logged, 200);
  const shareOf = (place: number): number => place / (steps - 1);
  const lossOf = (place: number): number =>
    last +
    (first - last) * Math.exp(-5 * shareOf(place)) * (0.9 + 0.2 * random.real()) +
    0.05 * random.real();
  const peak = Number(action.parameters['learningRate'] ?? 1e-4);
  const broke = status === 'diverged' ? logged - 1 : Number.POSITIVE_INFINITY;
  return {
    ...{ schemaVersion: 1, stageId, logged, step: places.map((place) => place + 1) },
    loss: places.map((place) => (place >= broke ? null : lossOf(place))),
    learningRate: places.map((place) => peak * (1 - shareOf(place))),
    gradNorm: places.map(() => 0.4 + random.real()),
    tokens: places.map((place) => TOKENS_A_STEP * (place + 1)),
    ...(action.kind === 'dpo' ? { rewardMargin: places.map((place) => 2 * shareOf(place)) } : {}),
  };
}
