import type { Random } from '../../domain/random.js';
import { hasEnded } from './outcome.js';
import { until } from './until.js';
import type { World } from './world.js';

export const PROMISES = ['P1', 'P2', 'P3', 'P4', 'P5', 'P6', 'P7'] as const;
export type Promised = (typeof PROMISES)[number];

/** A running exploration of a world, and the stream that all choices come from. */
export interface Target {
  readonly world: World;
  /** The exploration's name. */
  readonly name: string;
  readonly random: Random;
}

/** What was done to it. */
export interface Injected {
  /** When, in milliseconds since 1970. */
  readonly at: number;
  /** One line for people. */
  readonly note: string;
  /** The attempt in flight is over; its own last steps are no sign of recovery. */
  readonly replaces?: boolean;
  /** Looks, once the work goes on, for what must hold after this very fault; returns what doesn't. */
  readonly check?: () => Promise<readonly string[]>;
}

/** One way to hurt a running exploration. */
export interface Fault {
  readonly name: string;
  /** The promise that it tries to break first. */
  readonly promise: Promised;
  /** What must go on at the moment of injection. */
  readonly needs: 'work' | 'training';
  /** Most checkpoint intervals that may be trained again; 0: none, since there was notice. */
  readonly intervals: 0 | 1 | 2;
  /** Null: the exploration ended before there was an occasion. */
  inject(target: Target): Promise<Injected | null>;
}

/** Polls until `look` finds something; null when the exploration ended first. */
export async function unlessEnded<T>(
  { world, name }: Target,
  what: string,
  look: () => T | Promise<T>,
): Promise<Exclude<T, null | undefined | false> | null> {
  const ended = Symbol('ended');
  const found = await until<T | typeof ended>(what, LONGEST_WAIT_SECONDS, async () => {
    const seen = await look();
    if (seen !== null && seen !== undefined && seen !== false) return seen;
    return (await hasEnded(world, name)) ? ended : seen;
  });
  return found === ended ? null : (found as Exclude<T, null | undefined | false>);
}

const LONGEST_WAIT_SECONDS = 900;
