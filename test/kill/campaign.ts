import type { JsonObject } from '../../domain/json.js';
import { randomOf, type Random } from '../../domain/random.js';
import type { Fault } from './fault.js';
import type { Item } from './item.js';
import { runLeg, type Leg } from './leg.js';

export interface CampaignOptions extends Omit<Leg, 'spec' | 'faults' | 'random'> {
  readonly seed: number;
  readonly kills: number;
  readonly faults: readonly Fault[];
  /** The exploration of a leg; its seed must differ from leg to leg. */
  readonly spec: (leg: number) => JsonObject;
}

/**
 * Injects faults one after another into running explorations until all were injected, and compares each exploration
 * with its unkilled twin. Order, moments and choices follow from the seed.
 */
export async function runCampaign(options: CampaignOptions): Promise<readonly Item[]> {
  const random = randomOf('kill matrix', options.title, options.seed);
  let queue = ordered(options.faults, options.kills, random);
  const items: Item[] = [];
  for (let number = 0; queue.length > 0; number += 1) {
    const spec = options.spec(number);
    const title = `${options.title} ${String(number + 1)}`;
    const leg = await runLeg({ ...options, title, spec, faults: queue, random });
    items.push(...leg.items);
    if (leg.hangs) break;
    if (leg.left.length === queue.length) throw new Error(`${title}: expected injected faults, got none`);
    queue = leg.left;
  }
  return items;
}

/** Every fault once before any comes again, each round in an order of its own. */
export function ordered(faults: readonly Fault[], count: number, random: Random): readonly Fault[] {
  const rounds = Array.from({ length: Math.ceil(count / faults.length) }, () => random.shuffle(faults));
  return rounds.flat().slice(0, count);
}
