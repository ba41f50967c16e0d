import { replayFaults } from '../replayed.js';
import { SUGGESTED_EVENTS } from './programs.js';
import type { World } from './world.js';

/** Events that one more round of the search may add after the server's suggestion: a trial's start, its end, retries. */
const MOST_EVENTS_MORE = 200;

/** P6: runs of the exploration that are too long, and histories that do not replay, in words. */
export async function historyFaults(world: World, name: string): Promise<readonly string[]> {
  const lengths = await historyLengths(world, name);
  const most = SUGGESTED_EVENTS + MOST_EVENTS_MORE;
  const long = lengths.filter((length) => length > most);
  const lengthFaults =
    long.length === 0
      ? []
      : [`history: expected at most ${String(most)} events a run, got ${long.join(', ')}`];
  return [...lengthFaults, ...(await world.ask((client) => replayFaults(client, name)))];
}

/** Events of each run of the exploration that the server still keeps. */
export async function historyLengths(world: World, name: string): Promise<readonly number[]> {
  return world.ask(async (client) => {
    const lengths: number[] = [];
    for await (const run of client.workflow.list({ query: `WorkflowId = 'explore/${name}'` }))
      lengths.push(run.historyLength ?? 0);
    return lengths;
  });
}

/** For people: how many runs, and the longest. */
export async function historyNote(world: World, name: string): Promise<string> {
  const lengths = await historyLengths(world, name);
  return `${String(lengths.length)} runs of at most ${String(Math.max(...lengths))} events`;
}
