import type { Derivation } from '../plan.js';

/** How a dataset is made, in a few words: `subset share 0.1 of alpha`. */
export function derivationText({ operation, from, parameters }: Derivation): string {
  const settings = Object.entries(parameters).flatMap(([name, value]) => {
    if (name === 'weights') return [];
    return typeof value === 'object' || operation === 'template' ? [name] : [`${name} ${String(value)}`];
  });
  return `${[operation, ...settings].join(' ')} of ${from.join(' + ')}`;
}

/** What was read and what is left: `800 rows from 1000; left out: symbols 150, answerWords 50`. */
export function derivedRowsText({ rowsBefore, leftOut }: Derivation, rows: number): string {
  const reasons = Object.entries(leftOut).map(([reason, count]) => `${reason} ${String(count)}`);
  const left = reasons.length === 0 ? '' : `; left out: ${reasons.join(', ')}`;
  return `${String(rows)} rows from ${String(rowsBefore)}${left}`;
}
