import { loadBooks } from '../../activities/ledger/audit.js';
import { loadExploration } from '../../activities/ledger/read.js';
import { auditLedger, findingText, type Books, type Finding } from '../../domain/audit.js';
import type { JsonObject } from '../../domain/json.js';
import { randomOf, type Random } from '../../domain/random.js';
import { messageOf } from '../../workers/fault.js';
import type { Fault, Target } from './fault.js';
import { historyFaults } from './history.js';
import { lossesOf, stepSecondsOf, type Loss, type StepSeconds } from './lost.js';
import { differences, ended, hasEnded, readOutcome, type Outcome } from './outcome.js';
import { withoutAttempts } from './progress.js';
import { midWork, recovered } from './recovery.js';
import { lineOf, plain, type Item } from './item.js';
import { TooLate } from './until.js';
import { startWorld, type World, type WorldOptions } from './world.js';

export interface CampaignOptions {
  readonly seed: number;
  readonly kills: number;
  readonly faults: readonly Fault[];
  /** The exploration of a leg; its seed must differ from leg to leg. */
  readonly spec: (leg: number) => JsonObject;
  readonly world: Omit<WorldOptions, 'say'>;
  readonly say: (line: string) => void;
}

/** Longest wait, after work was seen, before the fault strikes. */
const LONGEST_DELAY_MS = 3000;

/**
 * Injects faults one after another into running explorations until all were injected, and compares each exploration
 * with its unkilled twin. Order, moments and choices follow from the seed.
 */
export async function runCampaign(options: CampaignOptions): Promise<readonly Item[]> {
  const random = randomOf('kill matrix', options.seed);
  let queue = ordered(options.faults, options.kills, random);
  const items: Item[] = [];
  for (let leg = 0; queue.length > 0; leg += 1) {
    const done = await runLeg(options, leg, { queue, random });
    items.push(...done.items);
    if (done.hangs) break;
    if (done.left.length === queue.length)
      throw new Error(`leg ${String(leg)}: expected injected faults, got none`);
    queue = done.left;
  }
  return items;
}

/** Every fault once before any comes again, each round in an order of its own. */
export function ordered(faults: readonly Fault[], count: number, random: Random): readonly Fault[] {
  const rounds = Array.from({ length: Math.ceil(count / faults.length) }, () => random.shuffle(faults));
  return rounds.flat().slice(0, count);
}

interface Queue {
  readonly queue: readonly Fault[];
  readonly random: Random;
}
interface LegEnd {
  readonly items: readonly Item[];
  readonly left: readonly Fault[];
  /** It did not end: no use in going on. */
  readonly hangs: boolean;
}

async function runLeg(options: CampaignOptions, leg: number, { queue, random }: Queue): Promise<LegEnd> {
  const spec = options.spec(leg);
  const name = String(spec['name']);
  const quiet: WorldOptions = { ...options.world, say: () => undefined };
  options.say(`exploration ${String(leg)}: unkilled`);
  const reference = await runReference(spec, quiet);
  options.say(`exploration ${String(leg)}: with faults`);
  const world = await startWorld(quiet);
  const target: Target = { world, name, random };
  const left = [...queue];
  const items: Item[] = [];
  let hangs = false;
  try {
    await world.begin(spec);
    await strike(target, left, (item) => {
      items.push(item);
      options.say(lineOf(items.length, item));
    });
    await ended(world, name, 1800);
    const books = await booksOf(world, name);
    assign(items, lossesOf(books, items, reference.stepSeconds));
    const finals = await finalItems(world, name, { books, reference: reference.outcome });
    for (const item of finals) options.say(lineOf(items.push(item), item));
  } catch (error) {
    hangs = true;
    items.push(plain('the exploration ends', [messageOf(error)]));
  }
  const isKept = items.some(({ broken }) => broken.length > 0);
  if (isKept) options.say(`kept for a look: ${world.home.folder}`);
  await world.close(isKept);
  return { items, left, hangs };
}

/** Injects from the queue until it is empty or the exploration has ended. */
async function strike(target: Target, queue: Fault[], tell: (item: Item) => void): Promise<void> {
  for (let fault = queue[0]; fault !== undefined; fault = queue[0]) {
    const item = await injectOne(target, fault);
    if (item === null) return;
    queue.shift();
    tell(item);
  }
}

/** Null: the exploration ended before the fault could be injected. */
async function injectOne(target: Target, fault: Fault): Promise<Item | null> {
  const { world, name, random } = target;
  const delayMs = random.real() * LONGEST_DELAY_MS;
  const facts = { fault: fault.name, intervals: fault.intervals, lostSteps: 0 };
  try {
    if (!(await midWork(target, fault.needs, delayMs))) return null;
    const injected = await fault.inject(target);
    if (injected === null) return null;
    const { at, note, replaces, check } = injected;
    const mark = await world.mark(name);
    const recoverySeconds = await recovered(target, replaces === true ? withoutAttempts(mark) : mark, at);
    const broken = check === undefined ? [] : await check();
    const findings = await findingsOf(world, name);
    const duplicates = findings.filter(({ rule }) => DUPLICATES.includes(rule)).length;
    return {
      ...facts,
      at,
      note,
      recoverySeconds,
      duplicates,
      broken: [...broken, ...findings.map(findingText)],
    };
  } catch (error) {
    if (error instanceof TooLate && (await hasEnded(world, name))) return null;
    return { ...plain(fault.name, [messageOf(error)]), ...facts };
  }
}

/** Rules of the audit that something was done, decided or paid twice breaks. */
const DUPLICATES: readonly string[] = [
  'sequence',
  'trialOnce',
  'oneDecision',
  'decisionOfTrial',
  'billedOnce',
  'paidOnce',
  'oneCompleted',
];

async function booksOf(world: World, name: string): Promise<Books> {
  const found = await loadExploration(world.store, name);
  if (found === null) throw new Error(`exploration ${name}: expected a ledger, got none`);
  return loadBooks(world.store, found);
}

/** Before anything was prepared there are no books yet. */
async function findingsOf(world: World, name: string): Promise<readonly Finding[]> {
  const found = await loadExploration(world.store, name);
  return found === null ? [] : auditLedger(await loadBooks(world.store, found));
}

interface Reference {
  readonly outcome: Outcome;
  readonly stepSeconds: StepSeconds;
}

/** The same exploration without any fault, in a home of its own. */
async function runReference(spec: JsonObject, options: WorldOptions): Promise<Reference> {
  const world = await startWorld(options);
  const name = String(spec['name']);
  try {
    await world.begin(spec);
    await ended(world, name, 3600);
    return {
      outcome: await readOutcome(world, name),
      stepSeconds: stepSecondsOf(await booksOf(world, name)),
    };
  } finally {
    await world.close(false);
  }
}

/** Books the losses with the faults behind them. */
function assign(items: Item[], losses: readonly Loss[]): void {
  for (const { strike, steps, broken } of losses) {
    const index = items.findIndex(({ fault, at }) => fault === strike?.fault && at === strike.at);
    const item = items[index] ?? plain('no fault at all', []);
    const changed = {
      ...item,
      lostSteps: Math.max(item.lostSteps, steps),
      broken: [...item.broken, ...broken],
    };
    if (index >= 0) items[index] = changed;
    else if (broken.length > 0) items.push(changed);
  }
}

interface Final {
  readonly books: Books;
  readonly reference: Outcome;
}

async function finalItems(world: World, name: string, { books, reference }: Final): Promise<readonly Item[]> {
  return [
    plain(
      '= rows, weights, scores, champion unkilled',
      differences(reference, await readOutcome(world, name)),
    ),
    plain('= the audit finds nothing', auditLedger(books).map(findingText)),
    plain('= bounded histories', await historyFaults(world, name)),
  ];
}
