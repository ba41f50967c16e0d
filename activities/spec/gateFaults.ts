import {
  refusalOf,
  type ContaminationPolicy,
  type DatasetFindings,
  type ShownMatch,
} from '../../domain/contamination.js';
import { capped, type Fault } from './faults.js';
import { placeOfRow } from './formats/formats.js';
import type { Inspected, Inspection } from './gate.js';

/** Rows named of each dataset. */
const MOST_FAULTS = 10;

/** What the policy refuses: for each dataset why, then the rows by file and line, with the items that they copy. */
export function contaminationFaults(policy: ContaminationPolicy, { datasets }: Inspection): readonly Fault[] {
  return datasets.flatMap((inspected) => {
    const { findings, file } = inspected;
    const refusal = refusalOf(policy, findings);
    if (refusal === null) return [];
    const rows = findings.matches.map((match) => rowFault(inspected, match));
    return [datasetFault(policy, findings, refusal), ...capped(rows, MOST_FAULTS, file)];
  });
}

function datasetFault(
  { rejectAbove }: ContaminationPolicy,
  { name, rows, matchedRows }: DatasetFindings,
  refusal: 'any' | 'share' | 'empty',
): Fault {
  const rules = {
    any: 'no row that copies an evaluation item (contamination.onMatch: reject)',
    share: `at most ${share(rejectAbove)} of its rows to copy evaluation items (contamination.rejectAbove)`,
    empty: 'a row that copies no evaluation item',
  };
  return {
    path: `datasets.${name}`,
    rule: rules[refusal],
    value: `${String(matchedRows)} of ${String(rows)} (${share(matchedRows / rows)})`,
    hint: 'Take them out of the file; `contamination: {onMatch: allow}` trains on them and says so in the report.',
  };
}

function rowFault({ file }: Inspected, { row, benchmark, split, item, kind, ...texts }: ShownMatch): Fault {
  return {
    path: placeOfRow(file, row),
    rule: `no copy of ${benchmark}/${split} item ${item}, ${JSON.stringify(texts.itemText)}`,
    value: `${JSON.stringify(texts.rowText)} (${kind})`,
    hint: '',
  };
}

/** 0.1 → "10 %"; never "0 %" of something. */
function share(value: number): string {
  return `${String(Number((100 * value).toPrecision(2)))} %`;
}
