import { randomOf } from '../../domain/random.js';
import { catalogue } from './catalogue.js';
import { copyCode } from './code.js';
import { unlessEnded, type Fault } from './fault.js';
import { INCOMPATIBLE } from './faults/code.js';
import { trainerOf } from './faults/kills.js';
import type { Item } from './item.js';
import { runLeg } from './leg.js';
import { SLACK_SECONDS } from './lost.js';
import { training } from './progress.js';
import { tinySpec } from './spec.js';
import { sameExploration } from './twin.js';
import type { WorldOptions } from './world.js';

/** Runs a small part of the matrix on planted code, compared with a world of clean code. */
export type Scenario = (
  planted: WorldOptions,
  clean: WorldOptions,
  say: (line: string) => void,
) => Promise<readonly Item[]>;

/** A short exploration that these faults of the catalogue strike, in this order. */
export function exploration(...names: readonly string[]): Scenario {
  const faults = names.map((name) => {
    const found = catalogue.find((fault) => fault.name === name);
    if (found === undefined) throw new Error(`fault: expected one of the catalogue, got ${name}`);
    return found;
  });
  return explorationWith(faults);
}

const PATIENCE_SECONDS = 120;

/** Long enough for a few checkpoints of each training. */
const SHORT = { trials: 2, steps: 120 };

export function explorationWith(faults: readonly Fault[], size = SHORT): Scenario {
  return async (planted, clean, say) => {
    const { items } = await runLeg({
      ...{
        title: 'planted',
        faults,
        say,
        world: planted,
        twinWorld: clean,
        patienceSeconds: PATIENCE_SECONDS,
      },
      ...{ comparison: sameExploration, slackSeconds: SLACK_SECONDS, random: randomOf('planted') },
      spec: tinySpec({ name: 'planted', seed: 1, ...size }),
    });
    return items;
  };
}

/** SIGKILL once a training has come this far. */
export function killAfterSteps(steps: number): Fault {
  return {
    name: `kill trainer child after ${String(steps)} steps`,
    ...{ promise: 'P2', needs: 'training', intervals: 1 },
    inject: async (target) => {
      const { world, name } = target;
      const far = await unlessEnded(target, `${String(steps)} steps`, async () => {
        const pace = training(await world.mark(name));
        return pace !== null && pace.step >= steps;
      });
      if (far === null) return null;
      const at = Date.now();
      process.kill(await trainerOf(world.gpuWorker), 'SIGKILL');
      return { at, note: '', replaces: true };
    },
  };
}

/** A release that nobody tried on a running exploration. */
export function newCodeForGood(): Fault {
  return {
    name: 'new orchestrator for good',
    ...{ promise: 'P6', needs: 'work', intervals: 1 },
    inject: async ({ world }) => {
      const code = copyCode([INCOMPATIBLE]);
      const at = Date.now();
      await world.orchestrator.crash();
      world.useCode(code.root);
      world.orchestrator.start();
      return { at, note: '', replaces: true };
    },
  };
}
