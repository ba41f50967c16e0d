import assert from 'node:assert/strict';
import type { Action } from '../../domain/trial.js';
import { avoidedBy, pipelineOf, type Tried } from './avoided.js';

const on = (...models: string[]): Action => ({ kind: 'sft', models, datasets: [], parameters: {} });
const tried = (stageId: string, action: Action | null, buildSeconds: number): Tried => ({
  ...{ stageId, action, buildSeconds, scoreSeconds: 1 },
});
const base = tried('base', null, 0);
const first = tried('a', on('base'), 10);
const second = tried('b', on('a'), 20);
const merged = tried('c', on('a', 'b'), 2);

describe('work avoided by content ids', () => {
  it('is what a pipeline shares with earlier ones', () => {
    const trials = [base, first, second, merged];
    assert.deepEqual([...pipelineOf(new Map(trials.map((one) => [one.stageId, one])), 'c')], ['a', 'b', 'c']);
    // Asked for: four scorings, then a; a and b; a, b and c.
    assert.deepEqual(avoidedBy(trials, new Set()), {
      stages: 10,
      seconds: 76,
      doneStages: 7,
      doneSeconds: 36,
    });
  });

  it('is also what another exploration left in the store', () => {
    const store = new Set<string>();
    avoidedBy([base, first, second], store);
    const other = tried('d', on('b'), 5);
    const again = avoidedBy([base, first, second, other], store);
    assert.deepEqual([again.doneStages, again.doneSeconds], [2, 6]);
    const alone = avoidedBy([base, first, second, other], new Set());
    assert.deepEqual([alone.doneStages, alone.doneSeconds], [7, 39]);
  });
});
