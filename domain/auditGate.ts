import type { AuditRule, Books, Finding } from './audit.js';
import { contaminationSummary } from './contamination.js';
import { canonicalJson } from './stage.js';
import type { Json } from './json.js';

/** The contamination gate: its record, and what the plan made of it. */
export const gateRules: readonly AuditRule[] = [
  {
    name: 'gateRecord',
    says: "the gate's record is on record, unchanged, and the plan says the same",
    check: gateRecord,
  },
  {
    name: 'cleanRows',
    says: 'rows that copy evaluation items are not trained on unless the spec allows it',
    check: cleanRows,
  },
];

/** Nothing to check in a plan from before the gate. */
function gateRecord({ plan: { contamination }, gate }: Books): readonly Finding[] {
  if (contamination === undefined) return [];
  const where = { rule: 'gateRecord', where: 'contamination' };
  const { recordSha256 } = contamination;
  if (gate?.sha256 !== recordSha256)
    return [{ ...where, expected: `a record of hash ${recordSha256.slice(0, 8)}`, got: hashOf(gate) }];
  const told = canonicalJson(contamination as unknown as Json);
  const recorded = canonicalJson(contaminationSummary(gate.record, recordSha256) as unknown as Json);
  return told === recorded ? [] : [{ ...where, expected: recorded, got: told }];
}

function hashOf(gate: Books['gate']): string {
  return gate === null ? 'none' : gate.sha256.slice(0, 8);
}

function cleanRows({ plan: { contamination, datasets } }: Books): readonly Finding[] {
  return (contamination?.datasets ?? []).flatMap(({ name, rows, matchedRows, droppedRows }) => {
    const where = { rule: 'cleanRows', where: `dataset ${name}` };
    const dropped = contamination?.onMatch === 'allow' ? 0 : matchedRows;
    const trained = datasets.find((one) => one.name === name)?.rows;
    return [
      ...(droppedRows === dropped
        ? []
        : [{ ...where, expected: `${String(dropped)} rows dropped`, got: String(droppedRows) }]),
      ...(trained === rows - droppedRows
        ? []
        : [{ ...where, expected: `${String(rows - droppedRows)} rows to train on`, got: String(trained) }]),
    ];
  });
}
