import { BUDGET_LIMITS, type BudgetLimit } from './budgetChange.js';
import { cell } from './markdown.js';
import type { Constraint, Plan } from './plan.js';

const MOST_NAMES = 12;
const MOST_NOTES = 5;

/** What an exploration searches, as Markdown: a line each for models, data, actions, objective, policy and budget. */
export function planLines(plan: Plan): readonly string[] {
  return [
    '**What is searched**',
    '',
    `- models: ${names(plan.models)}`,
    `- datasets: ${names(plan.datasets.map(({ name, rows }) => ({ name: `${name} (${String(rows)} rows)` })))}`,
    `- actions: ${names(plan.actions.map(({ kind }) => ({ name: kind })))}`,
    `- objective: ${objective(plan)}`,
    `- policy: ${plan.policy}${plan.llm === null ? '' : `, LLM ${cell(plan.llm.model)}`}; seed ${plan.seed}`,
    `- budget: ${limits(plan)}; ${String(plan.parallel)} at once`,
    ...plan.notes.slice(0, MOST_NOTES).map((note) => `- note: ${cell(note, 300)}`),
    '',
    whereMore(plan.name),
  ];
}

/** The lists of the Web UI that hold its trials, and the command with everything. */
export function whereMore(name: string): string {
  const filter = `ExplorationName="${name}"`;
  return (
    `Its trials: the workflows with \`${filter} AND TrialNumber >= 0\`; those that failed with ` +
    `\`${filter} AND TrialStatus != "completed"\`. All of it: \`npx lamdagent report ${name}\`.`
  );
}

function names(all: readonly { readonly name: string }[]): string {
  const shown = all.slice(0, MOST_NAMES).map(({ name }) => cell(name));
  const rest = all.length - shown.length;
  return [...shown, ...(rest > 0 ? [`${String(rest)} more`] : [])].join(', ') || 'none';
}

function objective({ benchmarks, constraints }: Plan): string {
  const weighted = benchmarks
    .filter(({ weight }) => weight > 0)
    .map(({ name, weight }) => ({ name: weight === 1 ? name : `${name} × ${String(weight)}` }));
  const kept = constraints.slice(0, MOST_NAMES).map(constraintText);
  return [`mean of ${names(weighted)}`, ...kept].join('; ');
}

function constraintText({ benchmark, relativeToBase, bound }: Constraint): string {
  const sign = bound < 0 ? '-' : '+';
  const least = relativeToBase ? `the base's ${sign} ${String(Math.abs(bound))}` : String(bound);
  return `${cell(benchmark)} at least ${least}`;
}

function limits({ budget }: Plan): string {
  return (Object.keys(BUDGET_LIMITS) as readonly BudgetLimit[])
    .flatMap((limit) => {
      const value = budget[limit] ?? null;
      return value === null ? [] : [`${String(value)} ${BUDGET_LIMITS[limit]}`];
    })
    .join(', ');
}
