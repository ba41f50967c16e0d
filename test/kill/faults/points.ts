import type { FailpointAction } from '../failpoints.js';
import { unlessEnded, type Fault, type Promised, type Target } from '../fault.js';

export interface Point {
  readonly name: string;
  readonly point: string;
  readonly promise: Promised;
  /** One is drawn; `kill-parent` ends the supervisor from the child, and the child with it. */
  readonly actions: readonly FailpointAction[];
}

const CHILD: readonly FailpointAction[] = ['kill', 'kill-parent'];
const SELF: readonly FailpointAction[] = ['kill'];

/** SIGKILL at the places where it hurts most, and a disk that is full there. */
export const points: readonly Fault[] = [
  {
    name: 'kill between checkpoint files',
    point: 'checkpoint/between-files',
    promise: 'P4',
    actions: CHILD,
  } as const,
  {
    name: 'kill before the checkpoint manifest',
    point: 'checkpoint/before-manifest',
    promise: 'P4',
    actions: CHILD,
  } as const,
  {
    name: 'kill before the checkpoint rename',
    point: 'checkpoint/before-rename',
    promise: 'P4',
    actions: CHILD,
  } as const,
  { name: 'kill after a checkpoint', point: 'checkpoint/committed', promise: 'P2', actions: CHILD } as const,
  { name: 'kill at the load of a model', point: 'load/begin', promise: 'P1', actions: CHILD } as const,
  { name: 'kill at the write of a merge', point: 'merge/writing', promise: 'P1', actions: CHILD } as const,
  {
    name: 'kill in an evaluation',
    point: 'evaluate/between-batches',
    promise: 'P1',
    actions: CHILD,
  } as const,
  { name: 'kill before publishing', point: 'publish/before-rename', promise: 'P3', actions: SELF } as const,
  { name: 'kill after publishing', point: 'publish/done', promise: 'P3', actions: SELF } as const,
  {
    name: 'kill before a decision is recorded',
    point: 'decide/before-record',
    promise: 'P3',
    actions: SELF,
  } as const,
  {
    name: 'kill after a decision is recorded',
    point: 'decide/recorded',
    promise: 'P3',
    actions: SELF,
  } as const,
  { name: 'kill after a row is recorded', point: 'ledger/recorded', promise: 'P3', actions: SELF } as const,
  {
    name: 'disk full in a checkpoint',
    point: 'checkpoint/between-files',
    promise: 'P2',
    actions: ['enospc'],
  } as const,
].map(pointFault);

/** The fault that strikes at a failpoint. */
export function pointFault({ name, point, promise, actions }: Point): Fault {
  return {
    ...{ name, promise, needs: 'work' },
    // A checkpoint that could not be written is the next one's to make good.
    intervals: actions.includes('enospc') ? 2 : 1,
    inject: async (target) => {
      const action = target.random.pick(actions) ?? 'kill';
      const fired = await reached(target, point, action);
      return fired === null
        ? null
        : { at: fired.at, note: `${action} at ${point}, process ${String(fired.pid)}` };
    },
  };
}

/** Arms the point and waits until somebody gets there; null (and disarmed) when the exploration ended first. */
export async function reached(target: Target, point: string, action: FailpointAction) {
  const { failpoints } = target.world;
  failpoints.arm(point, action);
  const fired = await unlessEnded(target, `${point} is reached`, () => failpoints.fired(point));
  if (fired === null) failpoints.disarm(point);
  return fired;
}
