import { judge } from '../../domain/ranking.js';
import type { Plan, PolicyName } from '../../domain/plan.js';
import type { Estimate } from '../../domain/result.js';
import { scoresOn } from '../landscape/outcome.js';
import { landscapeId, type LandscapeRow } from '../landscape/table.js';
import { costToReach, differenceAt, meanAt, valueAt, type Figure } from './curves.js';
import type { Run } from './run.js';

export interface Compared {
  readonly plan: Plan;
  readonly table: ReadonlyMap<string, LandscapeRow>;
  readonly runs: ReadonlyMap<PolicyName, readonly Run[]>;
  /** Everyone's budget. */
  readonly gpuSeconds: number;
  readonly markTrials: number;
}

/** What the space holds at its best: by the search split, and on the held-out items, among the feasible. */
interface Ceiling {
  readonly search: number;
  readonly heldOut: number;
}
const SHARES = [0.1, 0.2, 0.3, 0.5, 0.75, 1];

/** The section of the page. Scores in percent. */
export function textOf(compared: Compared): string {
  const { runs, gpuSeconds, markTrials, table } = compared;
  const random = runs.get('random') ?? [];
  const ceiling = ceilingOf(compared);
  const seeds = random.length;
  return [
    `${String(table.size)} true outcomes of the tiny world (${actionsText(compared.plan)}); ${String(seeds)} seeds an arm; budget of each run: ${gpuSeconds.toFixed(0)} GPU-seconds as first recorded for each stage. All arms begin with the same two evaluations (the base, SFT on all data). Means over seeds with 95 % bootstrap intervals; scores in percent. The best feasible pipeline of the whole space has ${percent(ceiling.search)} on the search split; the best of those that are feasible there has ${percent(ceiling.heldOut)} on the held-out items (the test split).`,
    '**Best feasible so far, by the search split**',
    curveTable(compared, 'search'),
    '**The same model on held-out items**',
    curveTable(compared, 'heldOut'),
    '**At the end of the budget**',
    endTable(compared, ceiling),
    verdicts(compared, random),
    markText(compared, random, markTrials),
  ].join('\n\n');
}

function actionsText({ maxStages, actions }: Plan): string {
  return `${actions.map(({ kind }) => kind).join(', ')}; pipelines of at most ${String(maxStages ?? 'any number of')} stages`;
}

function ceilingOf({ plan, table }: Compared): Ceiling {
  const base = table.get(landscapeId(plan.models[0]?.stageId ?? ''));
  const baseScores = base === undefined ? {} : scoresOn(plan, base, 'search');
  const judged = [...table.values()].flatMap((row) => {
    const { score, feasible } = judge(plan, scoresOn(plan, row, 'search'), baseScores);
    const onTest = scoresOn(plan, row, 'test');
    const heldOut = judge(plan, onTest, onTest).score;
    return feasible && score !== null && heldOut !== null ? [{ score, heldOut }] : [];
  });
  return {
    search: Math.max(...judged.map(({ score }) => score)),
    heldOut: Math.max(...judged.map(({ heldOut }) => heldOut)),
  };
}

function curveTable({ runs, gpuSeconds }: Compared, figure: Figure): string {
  const head = `| policy | ${SHARES.map((share) => `${String(share * 100)} %`).join(' | ')} |`;
  const lines = [...runs].map(([name, of]) => {
    const cells = SHARES.map((share) => estimate(meanAt(of, share * gpuSeconds, figure)));
    return `| ${name} | ${cells.join(' | ')} |`;
  });
  return [head, `| --- |${' --- |'.repeat(SHARES.length)}`, ...lines].join('\n');
}

function endTable({ runs, gpuSeconds }: Compared, ceiling: Ceiling): string {
  const lines = [...runs].map(([name, of]) => {
    const regret = (figure: Figure): string =>
      percent(ceiling[figure] - meanAt(of, gpuSeconds, figure).value);
    const proposals = sum(of.map((run) => run.proposals));
    const trials = mean(
      of.map(({ points }) => points.filter((one) => one.gpuSeconds <= gpuSeconds).length - 2),
    );
    const repeats = sum(of.map((run) => run.repeats));
    return `| ${name} | ${trials.toFixed(0)} | ${regret('search')} | ${regret('heldOut')} | ${String(repeats)} of ${String(proposals)} |`;
  });
  return [
    '| policy | trials (mean) | regret, search | regret, held out | repeats |',
    '| --- | --- | --- | --- | --- |',
    ...lines,
  ].join('\n');
}

function verdicts({ runs, gpuSeconds }: Compared, random: readonly Run[]): string {
  const lines = [...runs].flatMap(([name, of]) => {
    if (name === 'random') return [];
    return (['search', 'heldOut'] as const).map((figure) => {
      const gap = differenceAt(of, random, { gpuSeconds, figure });
      const shown = gap.low > 0 ? 'better' : gap.high < 0 ? '**worse**' : '**not shown to differ**';
      const where = figure === 'search' ? 'by the search split' : 'on held-out items';
      return `- ${name} minus random ${where}: ${estimate(gap)} points: ${shown}.`;
    });
  });
  return `Paired by seed, at the end of the budget:\n\n${lines.join('\n')}`;
}

function markText({ runs }: Compared, random: readonly Run[], trials: number): string {
  const mark = median(random.map((run) => valueAt(run, Infinity, 'search')));
  const lines = [...runs].map(([name, of]) => {
    const costs = of.map((run) => costToReach(run, mark));
    const reached = costs.filter((cost) => cost !== null);
    const cost = reached.length === 0 ? '–' : `${median(reached).toFixed(0)} GPU-seconds`;
    return `| ${name} | ${String(reached.length)} of ${String(of.length)} | ${cost} |`;
  });
  const head = ['| policy | runs that reached it | median cost of those |', '| --- | --- | --- |'];
  const of = `Random's best of ${String(trials)} trials is ${percent(mark)} (median over seeds; random itself ran on beyond the budget to find it). Who reaches it, at what cost:`;
  return [of, '', ...head, ...lines].join('\n');
}

function estimate({ value, low, high }: Estimate): string {
  return `${percent(value)} (${percent(low)} … ${percent(high)})`;
}

function percent(share: number): string {
  return (100 * share).toFixed(1);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

function mean(numbers: readonly number[]): number {
  return sum(numbers) / numbers.length;
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
}
