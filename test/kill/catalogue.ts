import type { Fault } from './fault.js';
import { byHand } from './faults/byHand.js';
import { codeChanges } from './faults/code.js';
import { connections } from './faults/connection.js';
import { handOvers } from './faults/continueAsNew.js';
import { kills } from './faults/kills.js';
import { notices } from './faults/notice.js';
import { plantedFiles } from './faults/files.js';
import { points } from './faults/points.js';
import { zombies } from './faults/zombie.js';

/** Every fault of the matrix, by name. */
export const catalogue: readonly Fault[] = [
  ...kills,
  ...points,
  ...notices,
  ...zombies,
  ...connections,
  ...byHand,
  ...plantedFiles,
  ...handOvers,
  ...codeChanges,
];
