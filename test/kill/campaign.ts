import { messageOf } from '../../workers/fault.js';
import { randomOf, type Random } from '../../domain/random.js';
import type { JsonObject } from '../../domain/json.js';
import type { Fault, Target } from './fault.js';
import { differences, ended, hasEnded, readOutcome, runReference } from './outcome.js';
import { midWork, recovered } from './recovery.js';
import type { Item } from './table.js';
import { TooLate } from './until.js';
import { startWorld, type WorldOptions } from './world.js';

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
    if (done.left.length === queue.length)
      throw new Error(`leg ${String(leg)}: expected faults to be injected, got none`);
    queue = done.left;
    if (done.broken) break;
  }
  return items;
}

/** Every fault once before any comes again, each round in an order of its own. */
export function ordered(faults: readonly Fault[], count: number, random: Random): readonly Fault[] {
  const rounds = Array.from({ length: Math.ceil(count / faults.length) }, () => random.shuffle(faults));
  return rounds.flat().slice(0, count);
}

interface Leg {
  readonly queue: readonly Fault[];
  readonly random: Random;
}
interface LegEnd {
  readonly items: readonly Item[];
  readonly left: readonly Fault[];
  /** Something hangs: no use in going on. */
  readonly broken: boolean;
}

async function runLeg(options: CampaignOptions, leg: number, { queue, random }: Leg): Promise<LegEnd> {
  const spec = options.spec(leg);
  const name = String(spec['name']);
  options.say(`leg ${String(leg)}: the reference, unkilled`);
  const silent = { ...options.world, say: () => undefined };
  const reference = await runReference(spec, silent);
  options.say(`leg ${String(leg)}: with faults`);
  const world = await startWorld({ ...options.world, say: () => undefined });
  const target: Target = { world, name, random };
  const items: Item[] = [];
  const rest = [...queue];
  try {
    await world.begin(spec);
    while (rest.length > 0 && !(await hasEnded(world, name))) {
      const fault = rest[0];
      if (fault === undefined) break;
      const item = await injectOne(target, fault);
      if (item === null) break;
      rest.shift();
      items.push(item);
      options.say(lineOf(items.length, item));
    }
    await ended(world, name, 900);
    const broken = differences(reference, await readOutcome(world, name));
    items.push({
      fault: '= unkilled run',
      note: name,
      recoverySeconds: null,
      lostSteps: 0,
      duplicates: 0,
      broken,
    });
  } catch (error) {
    const broken = [messageOf(error), `the home is kept: ${world.home.folder}`];
    items.push({
      fault: 'the exploration ends',
      note: name,
      recoverySeconds: null,
      lostSteps: 0,
      duplicates: 0,
      broken,
    });
  }
  const failed = items.some(({ broken }) => broken.length > 0);
  await world.close(failed);
  return { items, left: rest, broken: failed };
}

/** Null: the exploration ended before the fault could be injected. */
async function injectOne(target: Target, fault: Fault): Promise<Item | null> {
  const delayMs = target.random.real() * LONGEST_DELAY_MS;
  if (!(await midWork(target, fault.needs, delayMs))) return null;
  const { world, name } = target;
  const plain = { fault: fault.name, note: '', recoverySeconds: null, lostSteps: 0, duplicates: 0 };
  try {
    const { at, note, check } = await fault.inject(target);
    const mark = await world.mark(name);
    const recoverySeconds = await recovered(target, mark, at, fault.recoverySeconds);
    const broken = check === undefined ? [] : await check();
    return { ...plain, note, recoverySeconds, broken };
  } catch (error) {
    if (error instanceof TooLate && (await hasEnded(world, name))) return null;
    return { ...plain, broken: [messageOf(error)] };
  }
}

export function lineOf(index: number, item: Item): string {
  const seconds =
    item.recoverySeconds === null ? '' : ` recovered after ${item.recoverySeconds.toFixed(1)} s`;
  const broken = item.broken.map((line) => `\n    ${line}`).join('');
  return `${String(index).padStart(3)} ${item.fault} (${item.note})${seconds}${broken === '' ? '' : `  FAILED${broken}`}`;
}
