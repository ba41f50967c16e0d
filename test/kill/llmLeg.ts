import { auditLedger, findingText, type Books } from '../../domain/audit.js';
import { randomOf, type Random } from '../../domain/random.js';
import { messageOf } from '../../workers/fault.js';
import { reached } from './faults/points.js';
import { plain, type Item } from './item.js';
import {
  spoiling,
  startFaultyLlm,
  TRANSIENT,
  USELESS,
  type FaultyLlm,
  type LlmFault,
  type Logged,
} from './llm.js';
import { differences, ended, readOutcome, type Outcome } from './outcome.js';
import { tinySpec } from './spec.js';
import { booksOf } from './twin.js';
import { startWorld, type World, type WorldOptions } from './world.js';

export interface LlmLegOptions {
  readonly seed: number;
  readonly world: WorldOptions;
  readonly say: (line: string) => void;
}

/** Explorations whose policy asks an LLM: one left alone, one with transient faults and kills, one with useless answers. */
export async function runLlmLeg(options: LlmLegOptions): Promise<readonly Item[]> {
  const random = randomOf('kill matrix, LLM', options.seed);
  options.say('agent: unspoiled');
  const calm = await explore(options, { faultAt: () => null, kills: false, random });
  options.say('agent: transient LLM faults, kills around decisions');
  const transient = await explore(options, { faultAt: spoiling(TRANSIENT, 1, random), kills: true, random });
  options.say('agent: useless answers');
  const useless = await explore(options, { faultAt: spoiling(USELESS, 1, random), kills: false, random });
  return [
    ...transient.items,
    ...itemsOf(transient.log),
    ...itemsOf(useless.log),
    plain('agent: = rows, weights, scores, champion unspoiled', differences(calm.outcome, transient.outcome)),
    ...[calm, transient, useless].flatMap((one) => [
      plain('agent: every answer billed once', billing(one.books, one.log)),
      plain('agent: the audit finds nothing', auditLedger(one.books).map(findingText)),
    ]),
  ];
}

interface Way {
  readonly faultAt: (index: number) => LlmFault | null;
  readonly kills: boolean;
  readonly random: Random;
}
interface Explored {
  readonly outcome: Outcome;
  readonly books: Books;
  readonly log: readonly Logged[];
  readonly items: readonly Item[];
}

const NAME = 'agent';

async function explore(options: LlmLegOptions, { faultAt, kills, random }: Way): Promise<Explored> {
  const llm = await startFaultyLlm(faultAt);
  const world = await startWorld(options.world);
  try {
    await world.begin(specOf(options.seed, llm));
    const items = kills ? await killAroundDecisions(world, random) : [];
    await ended(world, NAME, 1800);
    const books = await booksOf(world, NAME);
    return { outcome: await readOutcome(world, NAME), books, log: [...llm.log], items };
  } finally {
    await world.close(false);
    await llm.stop();
  }
}

/** Short trainings: the decisions are what counts here. */
function specOf(seed: number, { llm }: FaultyLlm) {
  return tinySpec({ name: NAME, seed, trials: 6, steps: 4, changes: { policy: 'agent', llm } });
}

/** What the LLM answered is on record before the decision is; a kill in between asks nothing again. */
async function killAroundDecisions(world: World, random: Random): Promise<readonly Item[]> {
  const items: Item[] = [];
  for (const point of random.shuffle(['decide/before-record', 'decide/recorded'])) {
    const fault = `agent: kill at ${point}`;
    try {
      const fired = await reached({ world, name: NAME, random }, point, 'kill');
      if (fired !== null) items.push(plain(fault, []));
    } catch (error) {
      items.push(plain(fault, [messageOf(error)]));
    }
  }
  return items;
}

/** One item a fault, with the time until the next request that was answered. */
function itemsOf(log: readonly Logged[]): readonly Item[] {
  return log.flatMap(({ fault, at }, index) => {
    if (fault === null) return [];
    const next = log.slice(index + 1).find((one) => one.fault === null);
    const recoverySeconds = next === undefined ? null : (next.at - at) / 1000;
    const broken = next === undefined ? ['expected an answer after it, got none'] : [];
    return [{ ...plain(`LLM: ${fault}`, broken), at, recoverySeconds }];
  });
}

/** Every answer that the server sent to the end stands in the ledger exactly as often as it was sent. */
export function billing({ decisions }: Books, log: readonly Logged[]): readonly string[] {
  const booked = countOf(decisions.flatMap(({ calls }) => calls.map(({ promptSha256 }) => promptSha256)));
  const sent = countOf(
    log.filter(({ fault }) => fault === null || isAnswer(fault)).map((one) => one.promptSha256),
  );
  return [...new Set([...booked.keys(), ...sent.keys()])].flatMap((prompt) => {
    const [paid, written] = [sent.get(prompt) ?? 0, booked.get(prompt) ?? 0];
    const where = `LLM question ${prompt.slice(0, 8)}`;
    return paid === written
      ? []
      : [`${where}: expected as many answers billed as booked, got ${String(paid)} and ${String(written)}`];
  });
}

function isAnswer(fault: LlmFault): boolean {
  return USELESS.some((one) => one === fault);
}

function countOf(values: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
