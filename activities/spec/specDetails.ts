import { cell, MOST_BYTES, withinBytes } from '../../domain/markdown.js';
import { whereMore } from '../../domain/planDetails.js';
import type { Spec } from './schema.js';

const MOST_NAMES = 12;

/** What an exploration is asked for, as Markdown for the head of its page: fixed at its start. */
export function specDetails(spec: Spec): string {
  const { name, models, datasets, actions, benchmarks, policy, llm, budget, objective } = spec;
  const constraints = objective.constraints.map(
    ({ benchmark, atLeast }) => `${benchmark} at least ${String(atLeast)}`,
  );
  const lines = [
    `Searches post-training pipelines of **${cell(Object.keys(models)[0] ?? name)}** and ends with a model, a report and a recipe.`,
    '',
    `- models: ${listed(Object.keys(models))}`,
    `- datasets: ${listed(Object.keys(datasets))}`,
    `- actions: ${listed(Object.keys(actions))}`,
    `- benchmarks: ${listed(Object.keys(benchmarks))}`,
    ...(constraints.length === 0 ? [] : [`- constraints: ${listed(constraints)}`]),
    `- policy: ${policy}${llm?.model === undefined ? '' : `, LLM ${cell(llm.model)}`}; seed ${String(spec.seed)}`,
    `- budget: ${String(budget.trials)} trials after the baselines`,
    '',
    whereMore(name),
    '',
    'While it runs: the updates `pause`, `resume`, `stop`, `steer`, `budget`, `propose`, `retry`; the queries `status`, `leaderboard`.',
  ];
  return withinBytes(lines.join('\n'), MOST_BYTES.details);
}

function listed(names: readonly string[]): string {
  const rest = names.length - MOST_NAMES;
  const more = rest > 0 ? [`${String(rest)} more`] : [];
  return [...names.slice(0, MOST_NAMES).map((one) => cell(one)), ...more].join(', ') || 'none';
}
