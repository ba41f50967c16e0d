import { mean } from '../../domain/statistics.js';
import { judge } from '../../domain/ranking.js';
import type { Plan, PolicyName } from '../../domain/plan.js';
import type { Estimate } from '../../domain/result.js';
import { scoresOn } from '../landscape/outcome.js';
import { landscapeId, type LandscapeRow } from '../landscape/table.js';
import { costToReach, differenceAt, meanAt, valueAt, type Figure } from './curves.js';
import type { Run } from './run.js';

export interface Arm {
  readonly policy: PolicyName;
  /** How much of the budget its runs spend. */
  readonly share: number;
  readonly runs: readonly Run[];
}

export interface Compared {
  readonly plan: Plan;
  readonly table: ReadonlyMap<string, LandscapeRow>;
  /** Random first. */
  readonly arms: readonly Arm[];
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
  const { arms, gpuSeconds, table } = compared;
  const ceiling = ceilingOf(compared);
  const seeds = randomOf(compared).length;
  return [
    `${String(table.size)} true outcomes of the tiny world (${actionsText(compared.plan)}); ${String(seeds)} seeds an arm; budget of each run: ${gpuSeconds.toFixed(0)} GPU-seconds as first recorded for each stage${shortArms(arms)}. All arms begin with the same two evaluations (the base, SFT on all data). Means over seeds with 95 % bootstrap intervals; scores in percent. The best feasible pipeline of the whole space has ${percent(ceiling.search)} on the search split; the best of those that are feasible there has ${percent(ceiling.heldOut)} on the held-out items (the test split). The LLM of \`hybrid\` and \`agent\` is SmolLM2-135M on the CPU: it obeys the protocol and knows little, so their figures say nothing of a capable one. Where an answer fits nothing or repeats a trial, code chooses instead. An exploration without an LLM uses \`evolution\` unless its spec says otherwise.`,
    '**Best feasible so far, by the search split**',
    curveTable(compared, 'search'),
    '**The same model on held-out items**',
    curveTable(compared, 'heldOut'),
    '**At the end of the runs**',
    endTable(compared, ceiling),
    verdicts(compared),
    markText(compared),
  ].join('\n\n');
}

function randomOf({ arms }: Compared): readonly Run[] {
  return arms.find(({ policy }) => policy === 'random')?.runs ?? [];
}

function shortArms(arms: readonly Arm[]): string {
  const short = arms.filter(({ share }) => share < 1);
  return short.map(({ policy, share }) => `; \`${policy}\` ends at ${shareText(share)} of it`).join('');
}

function shareText(share: number): string {
  return `${String(share * 100)} %`;
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

function curveTable({ arms, gpuSeconds }: Compared, figure: Figure): string {
  const head = `| policy | ${SHARES.map(shareText).join(' | ')} |`;
  const lines = arms.map(({ policy, share: most, runs }) => {
    const cells = SHARES.map((share) =>
      share > most ? '–' : estimate(meanAt(runs, share * gpuSeconds, figure)),
    );
    return `| ${policy} | ${cells.join(' | ')} |`;
  });
  return [head, `| --- |${' --- |'.repeat(SHARES.length)}`, ...lines].join('\n');
}

function endTable({ arms, gpuSeconds }: Compared, ceiling: Ceiling): string {
  const lines = arms.map(({ policy, share, runs }) => {
    const end = share * gpuSeconds;
    const regret = (figure: Figure): string => percent(ceiling[figure] - meanAt(runs, end, figure).value);
    const trials = runs.map(({ points }) => points.filter((one) => one.gpuSeconds <= end).length - 2);
    const of = (count: (run: Run) => number): number => sum(runs.map(count));
    const repeats = `${String(of((run) => run.repeats))} of ${String(of((run) => run.proposals))}`;
    const turns = of((run) => run.llmTurns);
    const fallbacks = turns === 0 ? '–' : `${String(of((run) => run.fallbacks))} of ${String(turns)}`;
    return `| ${policy} | ${shareText(share)} | ${mean(trials).toFixed(0)} | ${regret('search')} | ${regret('heldOut')} | ${repeats} | ${fallbacks} |`;
  });
  return [
    '| policy | of the budget | trials (mean) | regret, search | regret, held out | repeats | unusable among LLM decisions |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...lines,
  ].join('\n');
}

function verdicts(compared: Compared): string {
  const random = randomOf(compared);
  const lines = compared.arms.flatMap(({ policy, share, runs }) => {
    if (policy === 'random') return [];
    return (['search', 'heldOut'] as const).map((figure) => {
      const gpuSeconds = share * compared.gpuSeconds;
      const gap = differenceAt(runs, random, { gpuSeconds, figure });
      const shown = gap.low > 0 ? 'better' : gap.high < 0 ? '**worse**' : '**not shown to differ**';
      const where = figure === 'search' ? 'by the search split' : 'on held-out items';
      const when = share < 1 ? `, at ${shareText(share)} of the budget` : '';
      return `- ${policy} minus random ${where}${when}: ${estimate(gap)} points: ${shown}.`;
    });
  });
  return `Paired by seed, at the end of the budget where nothing else is said:\n\n${lines.join('\n')}`;
}

function markText(compared: Compared): string {
  const mark = median(randomOf(compared).map((run) => valueAt(run, Infinity, 'search')));
  const lines = compared.arms.map(({ policy, runs }) => {
    const costs = runs.map((run) => costToReach(run, mark));
    const reached = costs.filter((cost) => cost !== null);
    const cost = reached.length === 0 ? '–' : `${median(reached).toFixed(0)} GPU-seconds`;
    return `| ${policy} | ${String(reached.length)} of ${String(runs.length)} | ${cost} |`;
  });
  const head = ['| policy | runs that reached it | median cost of those |', '| --- | --- | --- |'];
  const of = `Random's best of ${String(compared.markTrials)} trials is ${percent(mark)} (median over seeds; random itself ran on beyond the budget to find it). Who reaches it, at what cost:`;
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

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
}
