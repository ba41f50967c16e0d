import { z } from 'zod';
import type { Store } from '../store/store.js';
import { importSource } from './importSource.js';
import type { Spec } from './schema.js';
import { path } from './written.js';

export const RewardFunctionSchema = z.strictObject({
  path: path.describe('A Python file with `def reward(row, answer)`, which returns a number.'),
});

/** The file as an object, pinned by its bytes; nothing where the spec names none. */
export async function importRewardFunction(
  store: Store,
  { rewardFunction }: Pick<Spec, 'rewardFunction'>,
): Promise<{ readonly rewardFunction?: { readonly stageId: string } }> {
  if (rewardFunction === undefined) return {};
  const { stageId } = await importSource(store, {
    kind: 'rewardFunction',
    files: [{ path: 'reward.py', file: rewardFunction.path }],
    parameters: {},
    facts: () => Promise.resolve({}),
  });
  return { rewardFunction: { stageId } };
}
