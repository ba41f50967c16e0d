import type { OperationName } from '../../domain/data/operations.js';
import { curriculum } from './curriculum.js';
import { dedupe } from './dedupe.js';
import type { Derive } from './derivation.js';
import { filter } from './filter.js';
import { mixture } from './mixture.js';
import { replay } from './replay.js';
import { subset } from './subset.js';
import { template } from './template.js';

/** What each operation of the table does. */
export const DERIVE: Readonly<Record<OperationName, Derive>> = {
  mixture,
  subset,
  filter,
  dedupe,
  replay,
  curriculum,
  template,
};
