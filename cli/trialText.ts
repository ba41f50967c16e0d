import { curveText, type Training } from '../activities/ledger/curves.js';
import type { CallView, ChoiceView, DecisionView } from '../activities/ledger/decisionView.js';
import type { RecipeStep } from '../activities/ledger/recipe.js';
import type { TrialView } from '../activities/ledger/trialView.js';
import { placeText } from '../domain/attemptPlace.js';
import { usdText } from '../domain/prices.js';
import { sparkline } from '../domain/sparkline.js';
import type { TrainingCurve } from '../domain/trainingCurve.js';
import type { Estimate } from '../domain/result.js';
import { signed } from './summary.js';
import { table } from './table.js';

/** A training that the trial ran or reused, and how it went. */
export interface TrainingView {
  readonly training: Training;
  readonly curve: TrainingCurve;
}
const SPARKLINE = 24;

/** A trial in people's words: why, what, how good, how its trainings went, what it cost. */
export function trialLines(view: TrialView, trainings: readonly TrainingView[] = []): readonly string[] {
  const message = view.message === '' ? [] : [`  ${view.message}`];
  return [
    `${view.trial}  ${view.label}  (${view.name}, ${view.status})`,
    ...message,
    ...section('Why', view.why === null ? [view.origin] : whyLines(view.why)),
    ...section('What it is', whatLines(view)),
    ...section('Scores on the search split, intervals 95 %', scoreLines(view)),
    ...section('Training loss', trainings.map(trainingLine)),
    ...section('Cost', costLines(view)),
    ...section('Attempts', attemptLines(view)),
  ];
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)];
}

function whyLines(why: DecisionView): readonly string[] {
  const number = `decision ${String(why.decision)}`;
  const how = {
    chosen: `The ${why.policy} policy chose it in ${number}.`,
    exploration: `The ${why.policy} policy drew it at random in ${number}: its exploration floor, nobody was asked.`,
    fallback: `It was drawn at random in ${number}: the ${why.policy} policy got no usable answer.`,
  }[why.how];
  const { ledgerRows, inFlight } = why.saw;
  const running = inFlight.length === 0 ? 'nothing was running' : `running: ${inFlight.join('; ')}`;
  return [
    how,
    `Reason given: ${why.reason === '' ? 'none' : why.reason}`,
    `It saw ${count(ledgerRows, 'finished trial')}; ${running}.`,
    ...(why.nudge === null ? [] : [`It was nudged: ${why.nudge}`]),
    ...(why.memory === null || why.memory === '' ? [] : [`Its notes: ${why.memory}`]),
    ...(why.choices.length === 0
      ? []
      : [`Chosen from shuffled lists: ${why.choices.map(choiceText).join(', ')}`]),
    ...(why.calls.length === 0 ? [] : [`LLM: ${callsText(why)}`]),
    ...why.calls.filter(({ fault }) => fault !== null).map((call) => `refused: ${refusedText(call)}`),
  ];
}

function choiceText({ of, value, position, options }: ChoiceView): string {
  return `${of} ${value} (place ${String(position)} of ${String(options)})`;
}

function callsText({ calls, usd }: DecisionView): string {
  const total = (of: (call: CallView) => number): number => calls.reduce((sum, call) => sum + of(call), 0);
  const tokens = `${String(total((call) => call.promptTokens))} + ${String(total((call) => call.completionTokens))} tokens`;
  const seconds = total((call) => call.seconds).toFixed(1);
  const prompts = calls.map(({ promptSha256 }) => promptSha256.slice(0, 8)).join(' ');
  return `${count(calls.length, 'call')}, ${tokens}, ${usdText(usd)}, ${seconds} s; prompts ${prompts}`;
}

function refusedText({ purpose, fault }: CallView): string {
  return `${purpose}: ${fault ?? ''}`;
}

function whatLines({ recipe, differenceToParent, stageId }: TrialView): readonly string[] {
  const changes = differenceToParent?.changes.map(({ of, from, to }) => `${of} ${from} → ${to}`);
  return [
    ...recipe.map((step, index) => `${String(index + 1)}. ${stepText(step)}`),
    ...(differenceToParent === null || changes === undefined
      ? []
      : [
          `Unlike its parent ${differenceToParent.parent}: ${changes.join(', ') || 'nothing but the model it starts from'}`,
        ]),
    `Stage ${stageId}`,
  ];
}

function stepText({ model, action, parents, datasets, parameters }: RecipeStep): string {
  if (action === null) return `${model}: given`;
  const data = datasets.length === 0 ? '' : `: ${datasets.join(' + ')}`;
  const settings = Object.entries(parameters).map(([name, value]) => `${name}=${String(value)}`);
  return `${model}: ${action} on ${parents.join(' + ')}${data}  ${settings.join(' ')}`;
}

function scoreLines({ objective, scores, later }: TrialView): readonly string[] {
  const rows = scores.map(
    ({ benchmark, weight, score, items, missing, interval, base, difference, constraint }) => [
      missing > 0
        ? `${benchmark} (${String(missing)} of ${String(items + missing)} items missing)`
        : benchmark,
      weight === 0 ? 'watched' : String(weight),
      score.toFixed(4),
      rangeText({ low: interval[0], high: interval[1] }),
      base?.toFixed(4) ?? '-',
      difference === null ? '-' : `${signed(difference.value)} (${rangeText(difference)})`,
      constraint === null ? '' : constraintText(constraint),
    ],
  );
  const head = ['benchmark', 'weight', 'score', 'interval', 'base', 'against the base', 'constraint'];
  return [
    ...(objective === null ? [] : objectiveLines(objective)),
    ...(rows.length === 0 ? [] : table(head, rows)),
    ...later.map(
      ({ split, scores: of }) =>
        `${split} split: ${Object.entries(of)
          .map(([name, score]) => `${name} ${score.toFixed(4)}`)
          .join(', ')}`,
    ),
  ];
}

function objectiveLines(objective: NonNullable<TrialView['objective']>): readonly string[] {
  const { score, interval, feasible, againstBase, againstParents } = objective;
  const differences = [
    ...(againstBase === null ? [] : [{ parent: 'the base', ...againstBase }]),
    ...againstParents.filter(({ parent }) => parent !== 'base'),
  ];
  return [
    `score ${score.toFixed(4)} (${rangeText({ low: interval[0], high: interval[1] })}), constraints ${feasible ? 'met' : 'not met'}`,
    ...differences.map(
      ({ parent, ...estimate }) =>
        `against ${parent}: ${signed(estimate.value)} (${rangeText(estimate)}; items not paired)`,
    ),
  ];
}

function constraintText({
  limit,
  margin,
  met,
}: NonNullable<TrialView['scores'][number]['constraint']>): string {
  if (limit === null || margin === null) return 'not judged';
  return `${met ? 'met' : 'missed'} by ${Math.abs(margin).toFixed(4)} (at least ${limit.toFixed(4)})`;
}

function trainingLine({ training, curve }: TrainingView): string {
  return `${training.name}  ${sparkline(curve.loss, SPARKLINE)}  ${curveText(training, curve)}`;
}

function costLines({ cost, why }: TrialView): readonly string[] {
  const { gpuSeconds, lostGpuSeconds, savedGpuSeconds } = cost;
  const lost = lostGpuSeconds === 0 ? '' : `, ${lostGpuSeconds.toFixed(1)} of them lost`;
  const saved = savedGpuSeconds === 0 ? '' : `; ${savedGpuSeconds.toFixed(1)} saved by reuse`;
  const llm =
    why === null || why.calls.length === 0
      ? ''
      : `; decision ${String(why.llmTokens)} tokens, ${usdText(why.usd)}`;
  return [`${gpuSeconds.toFixed(1)} GPU-seconds${lost}${saved}${llm}`];
}

function attemptLines({ attempts }: TrialView): readonly string[] {
  if (attempts.length === 0) return [];
  const rows = attempts.map((one) => [
    one.stage,
    String(one.attempt),
    placeText(one),
    one.end,
    `${String(one.resumedStep)} to ${String(one.lastStep)}`,
    String(one.stepsLost),
    one.gpuSeconds.toFixed(1),
  ]);
  return table(['stage', 'attempt', 'worker', 'end', 'steps', 'lost', 'GPU-s'], rows);
}

function rangeText({ low, high }: Pick<Estimate, 'low' | 'high'>): string {
  return `${low.toFixed(4)} to ${high.toFixed(4)}`;
}

function count(number: number, what: string): string {
  return `${String(number)} ${what}${number === 1 ? '' : 's'}`;
}
