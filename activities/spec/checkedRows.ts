import { formatFaults } from './faults.js';
import { readRows, type NumberedRow } from './lines.js';

/** The rows of a file that was checked before; a fault now means that somebody changed it meanwhile. */
export function readCheckedRows(file: string): AsyncGenerator<NumberedRow> {
  return readRows(file, (fault) => {
    throw new Error(`${formatFaults([fault])} The file changed after it was checked.`);
  });
}
