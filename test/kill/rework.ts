import { setTimeout as sleep } from 'node:timers/promises';
import { shortId } from '../../domain/stage.js';
import type { Pace } from './progress.js';
import type { World } from './world.js';

const LOOK_EVERY_MS = 300;

/** Watches from beside for stages that are trained although their object is in the store: work paid twice, booked or not. */
export interface ReworkWatch {
  /** Ends it; what was seen, in words. */
  stop(): Promise<readonly string[]>;
}

export function watchRework(world: World, name: string): ReworkWatch {
  const ended = new AbortController();
  const seen = new Set<string>();
  const loop = async (): Promise<void> => {
    /** Paces of stages whose object was there already at the last look. */
    let after = new Map<string, Pace>();
    while (!ended.signal.aborted) {
      const { paces } = await world.mark(name);
      for (const pace of paces) if (isFurther(pace, after.get(pace.stageId))) seen.add(pace.stageId);
      const made = await Promise.all(
        paces.map(async (pace) => ({ pace, object: await world.store.manifest(pace.stageId) })),
      );
      after = new Map(
        made.flatMap(({ pace, object }) => (object === null ? [] : [[pace.stageId, pace] as const])),
      );
      await sleep(LOOK_EVERY_MS);
    }
  };
  const done = loop();
  return {
    stop: async () => {
      ended.abort();
      await done;
      return [...seen].map(
        (stageId) => `stage ${shortId(stageId)}: expected no step once its object is there, got some`,
      );
    },
  };
}

function isFurther(now: Pace, before: Pace | undefined): boolean {
  return before !== undefined && (now.attempt > before.attempt || now.step > before.step);
}
