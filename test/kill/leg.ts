import { auditLedger, findingText, type Books } from '../../domain/audit.js';
import type { JsonObject } from '../../domain/json.js';
import type { Random } from '../../domain/random.js';
import { messageOf } from '../../workers/fault.js';
import { PATIENCE_SECONDS, type Fault } from './fault.js';
import { historyFaults, historyNote } from './history.js';
import { lineOf, plain, type Item } from './item.js';
import { lossesOf, type Loss } from './lost.js';
import { ended } from './outcome.js';
import { watchRework } from './rework.js';
import { strikeAll } from './strike.js';
import { booksOf, type Comparison } from './twin.js';
import { startWorld, type World, type WorldOptions } from './world.js';

/** One exploration, killed again and again, and what it is compared with. */
export interface Leg {
  readonly title: string;
  readonly spec: JsonObject;
  readonly faults: readonly Fault[];
  readonly random: Random;
  /** Default: PATIENCE_SECONDS. */
  readonly patienceSeconds?: number;
  readonly world: WorldOptions;
  readonly comparison: Comparison;
  /** The world of the unkilled twin. */
  readonly twinWorld: WorldOptions;
  /** What a checkpoint may take longer than its interval. */
  readonly slackSeconds: number;
  readonly say: (line: string) => void;
}
export interface LegEnd {
  readonly items: readonly Item[];
  /** Faults that the exploration was too short for. */
  readonly left: readonly Fault[];
  /** It did not end: no use in going on. */
  readonly hangs: boolean;
}

export async function runLeg(leg: Leg): Promise<LegEnd> {
  const { title, spec, say } = leg;
  const name = String(spec['name']);
  const left = [...leg.faults];
  const items: Item[] = [];
  const tell = (item: Item): void => {
    say(lineOf(items.push(item), item));
  };
  say(`${title}: with faults`);
  const world = await startWorld(leg.world);
  const rework = watchRework(world, name);
  let hangs = false;
  try {
    await world.begin(spec);
    const { random, patienceSeconds = PATIENCE_SECONDS } = leg;
    const goesOn = await strikeAll({ world, name, random, patienceSeconds }, left, tell);
    if (!goesOn) throw new Error(`${name}: expected work to go on, got none`);
    await ended(world, name, 1800);
    tell(plain('= nothing is trained twice', await rework.stop()));
    for (const item of await finish(leg, { world, name, items })) tell(item);
  } catch (error) {
    hangs = true;
    await rework.stop();
    tell(plain(`${title}: comes to its end`, [messageOf(error)]));
  }
  const isKept = items.some(({ broken }) => broken.length > 0);
  if (isKept) say(`kept for a look: ${world.home.folder}`);
  await world.close(isKept);
  return { items, left, hangs };
}

interface Finished {
  readonly world: World;
  readonly name: string;
  readonly items: Item[];
}

/** Compares with the twin, books the losses with the faults behind them, and checks the books. */
async function finish(leg: Leg, { world, name, items }: Finished): Promise<readonly Item[]> {
  const { comparison, spec, say, title, slackSeconds } = leg;
  const books: Books = await booksOf(world, name);
  say(`${title}: unkilled`);
  const twin = await comparison.twin({ world, name, spec, books }, leg.twinWorld);
  return [
    ...assign(items, lossesOf(books, items, { stepSeconds: twin.stepSeconds, slackSeconds })),
    plain(`= ${comparison.says}`, twin.differences),
    plain('= the audit finds nothing', auditLedger(books).map(findingText)),
    {
      ...plain('= histories are bounded and replay', await historyFaults(world, name)),
      note: await historyNote(world, name),
    },
  ];
}

/** Adds the losses to the items of the faults behind them; returns those that no fault explains. */
function assign(items: Item[], losses: readonly Loss[]): readonly Item[] {
  const unexplained: Item[] = [];
  for (const { strike, steps, broken } of losses) {
    const index = items.findIndex(({ fault, at }) => fault === strike?.fault && at === strike.at);
    const item = items[index];
    if (item !== undefined)
      items[index] = {
        ...item,
        lostSteps: Math.max(item.lostSteps, steps),
        broken: [...item.broken, ...broken],
      };
    else if (broken.length > 0) unexplained.push({ ...plain('no fault at all', broken), lostSteps: steps });
  }
  return unexplained;
}
