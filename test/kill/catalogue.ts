import type { Fault } from './fault.js';
import { kills } from './faults/kills.js';

/** Every fault of the matrix, by name. */
export const catalogue: readonly Fault[] = [...kills];
