import type { Random } from '../../domain/random.js';
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
  /** Most seconds from the injection until more was done than before it. */
  readonly recoverySeconds: number;
  /** Most checkpoint intervals that may be trained again; 0: none, since there was notice. */
  readonly intervals: 0 | 1 | 2;
  inject(target: Target): Promise<Injected>;
}
