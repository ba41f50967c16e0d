import assert from 'node:assert/strict';
import type { PlannedDataset } from '../../domain/plan.js';
import { sha256Hex } from '../../domain/stage.js';
import { goldenPrompts } from './prompts/golden.js';

describe('the menu of an action', () => {
  it('says of a derived dataset how it is made, and nothing more of a file', async () => {
    const dataset = (name: string, rows: number): PlannedDataset => ({
      ...{ name, stageId: sha256Hex(name), shape: 'sft', rows },
    });
    const derivation: PlannedDataset['derivation'] = {
      ...{ operation: 'subset', from: ['alpha'], parameters: { share: 0.5 } },
      ...{ rowsBefore: 480, leftOut: {}, keepsOrder: false },
    };
    const datasets = [dataset('alpha', 480), { ...dataset('beta', 240), derivation }];
    const agent = { explore: 0, costs: 'sequences' } as const;
    const text = await goldenPrompts({ agent, datasets });
    assert.match(text, /^- d\d: alpha, 480 rows$/m);
    assert.match(text, /^- d\d: beta, 240 rows, subset share 0\.5 of alpha$/m);
  });
});
