import type { Budget } from './plan.js';

/** The limits of a budget that can be changed while the search runs, and what people call them. */
export const BUDGET_LIMITS = {
  trials: 'trials',
  gpuSeconds: 'GPU-seconds',
  wallClockSeconds: 's of wall clock',
  llmTokens: 'LLM tokens',
  usd: 'US dollars',
} as const;
export type BudgetLimit = keyof typeof BUDGET_LIMITS;
const LIMITS = Object.keys(BUDGET_LIMITS) as readonly BudgetLimit[];

/** By limit: a number, a step such as `"+20"` or `"-5"`, or null (also `"none"`) for no limit. */
export type BudgetChange = Readonly<Partial<Record<BudgetLimit, number | string | null>>>;
export type Spent = Readonly<Record<BudgetLimit, number>>;
export type ChangedBudget = { readonly budget: Budget } | { readonly fault: string };

const MOST_TRIALS = 1_000_000;

/** The budget after the change, or why it can't be: a limit below what is spent would only be a stop in disguise. */
export function changedBudget(budget: Budget, change: BudgetChange, spent: Spent): ChangedBudget {
  const names = Object.keys(change);
  const unknown = names.find((name) => !(name in BUDGET_LIMITS));
  if (unknown !== undefined)
    return { fault: `budget: expected ${LIMITS.join(', ')}, got ${JSON.stringify(unknown)}` };
  let changed = budget;
  for (const limit of LIMITS) {
    const wanted = change[limit];
    if (wanted === undefined) continue;
    const value = valueOf(wanted, budget[limit] ?? null);
    const fault = value === undefined ? faultOfValue(limit, wanted) : faultOfLimit(limit, value, spent);
    if (fault !== null) return { fault };
    changed = { ...changed, [limit]: value };
  }
  if (LIMITS.every((limit) => (changed[limit] ?? null) === (budget[limit] ?? null)))
    return { fault: `budget: expected a change, got ${names.length === 0 ? 'none' : 'what holds already'}` };
  return { budget: changed };
}

/** `40 trials (12 spent), no limit on GPU-seconds (3.5 spent), …`. */
export function budgetText(budget: Budget, spent: Spent): string {
  return LIMITS.map((limit) => {
    const value = budget[limit] ?? null;
    const of =
      value === null ? `no limit on ${BUDGET_LIMITS[limit]}` : `${String(value)} ${BUDGET_LIMITS[limit]}`;
    return `${of} (${String(Number(spent[limit].toFixed(3)))} spent)`;
  }).join(', ');
}

/** Undefined: not a number, not a step, or a step from no limit. */
function valueOf(wanted: unknown, now: number | null): number | null | undefined {
  if (wanted === null || wanted === 'none') return null;
  if (typeof wanted === 'number') return wanted;
  if (typeof wanted !== 'string' || !/^[+-]?[0-9]+(\.[0-9]+)?$/.test(wanted)) return undefined;
  if (!/^[+-]/.test(wanted)) return Number(wanted);
  return now === null ? undefined : now + Number(wanted);
}

function faultOfValue(limit: BudgetLimit, wanted: unknown): string {
  const isStep = typeof wanted === 'string' && /^[+-][0-9]/.test(wanted);
  return isStep
    ? `${limit}: expected a limit to change by ${wanted}, got none so far. Give the number itself.`
    : `${limit}: expected a number, a step such as "+20", or none, got ${JSON.stringify(wanted)}`;
}

function faultOfLimit(limit: BudgetLimit, value: number | null, spent: Spent): string | null {
  if (value === null)
    return limit === 'trials' ? 'trials: expected a number, got none: a search needs an end' : null;
  const whole = limit === 'trials' || limit === 'llmTokens';
  if (!Number.isFinite(value) || value < 0 || (whole && !Number.isInteger(value)))
    return `${limit}: expected ${whole ? 'a whole number' : 'a number'} from 0 on, got ${String(value)}`;
  if (limit === 'trials' && value > MOST_TRIALS)
    return `trials: expected at most ${String(MOST_TRIALS)}, got ${String(value)}`;
  const used = spent[limit];
  return value < used
    ? `${limit}: expected at least what is spent, ${String(Number(used.toFixed(3)))}, got ${String(value)}. \`stop\` ends the search now.`
    : null;
}
