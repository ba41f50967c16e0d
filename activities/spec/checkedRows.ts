import { formatFaults, type Fault } from './faults.js';
import { readDataset } from './formats/formats.js';
import { readRows, type NumberedRow } from './lines.js';

/** The rows of a file that was checked before; a fault now means that somebody changed it meanwhile. */
export function readCheckedRows(file: string): AsyncGenerator<NumberedRow> {
  return readRows(file, changed);
}

/** Those of a dataset, in whatever format. */
export function readCheckedDataset(file: string): AsyncGenerator<NumberedRow> {
  return readDataset(file, changed);
}

function changed(fault: Fault): never {
  throw new Error(`${formatFaults([fault])} The file changed after it was checked.`);
}
