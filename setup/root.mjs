// Where things are. Paths only; no work.
import { join } from 'node:path';

export const root = join(import.meta.dirname, '..');
export const inRoot = (...parts) => join(root, ...parts);
/** LAMDAGENT_VENV names another virtual environment, e.g. one shared by several checkouts. */
export const venv = process.env.LAMDAGENT_VENV ?? inRoot('.venv');
export const inVenv = (name) => join(venv, 'bin', name);
export const cache = inRoot('.cache');
