import { DEFAULT_LEVEL } from '../../domain/plan.js';
import { trialName } from '../../domain/trial.js';
import type { Exported } from './card.js';

/** What nobody looked at, so that nobody has to guess. */
export function limitsPart({ found, row, recipe }: Exported): readonly string[] {
  const { plan, finals } = found;
  const tested = finals.some(({ split, result: one }) => split === 'test' && one.trial === row.trial);
  const guards = plan.constraints.map(({ benchmark }) => benchmark);
  const opaque = plan.benchmarks.filter(({ metric }) => metric === 'reported').map(({ name }) => name);
  const cards = recipe.steps.some(({ madeWith }) => madeWith === null || madeWith.device !== 'cpu');
  const lines = [
    `Anything but ${plan.benchmarks.map(({ name }) => name).join(', ')}: no other task, language, safety or bias was looked at.`,
    tested
      ? `The test split was scored once, when the search was over; new data may differ from it.`
      : `${trialName(row.trial)} was never scored on the test split.`,
    guards.length === 0
      ? 'No constraint guarded other abilities: what the base could do may be lost.'
      : `Only ${guards.join(', ')} guarded other abilities, at level ${String(plan.level ?? DEFAULT_LEVEL)}.`,
    plan.contamination === undefined
      ? 'Training data was not compared with evaluation items.'
      : 'Training rows were compared with evaluation items word by word; paraphrases and translations pass unseen.',
    ...opaque.map((name) => `What ${name} asks is known to its program alone: no data was compared with it.`),
    'The model was trained with one seed: how much another seed changes is not known.',
    ...(cards
      ? ['Some steps ran on an accelerator, or it is not recorded where: a rebuild may differ in bits.']
      : []),
  ];
  return [lines.map((line) => `- ${line}`).join('\n')];
}
