import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { droppedRows } from '../../domain/contamination.js';
import { readCheckedDataset } from './checkedRows.js';
import type { CheckedFiles } from './files.js';
import { isJsonLines } from './formats/formats.js';
import type { Inspected, Inspection } from './gate.js';
import { linesOf } from './lines.js';
import type { Spec } from './schema.js';

interface Named {
  readonly spec: Spec;
  readonly files: CheckedFiles;
}

/**
 * Calls `use` with the spec whose datasets are JSONL and lack the rows that the policy drops. JSONL files that lose none
 * are the files they were, so their ids stay; the others are copies, gone when `use` returns.
 */
export async function withCleanedDatasets<T>(
  { spec, files }: Named,
  inspection: Inspection,
  use: (cleaned: Named) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'lamdagent-cleaned-'));
  try {
    const datasets = { ...spec.datasets };
    const facts = { ...files.datasets };
    for (const { file, findings, matchedLines } of inspection.datasets) {
      const { name, rows } = findings;
      const dropped = droppedRows(spec.contamination, findings);
      const [before, known] = [datasets[name], facts[name]];
      if (before === undefined || known === undefined || (dropped === 0 && isJsonLines(file))) continue;
      const path = join(folder, `${name}.jsonl`);
      const out = dropped === 0 ? NONE : matchedLines;
      await pipeline(
        isJsonLines(file) ? linesWithout(file, out) : rowsWithout(file, out),
        createWriteStream(path),
      );
      datasets[name] = { ...before, path };
      facts[name] = { ...known, rows: rows - dropped };
    }
    return await use({ spec: { ...spec, datasets }, files: { ...files, datasets: facts } });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const NONE: Inspected['matchedLines'] = new Set();

/** As they stand in the file, to the byte. */
async function* linesWithout(file: string, dropped: Inspected['matchedLines']): AsyncGenerator<Buffer> {
  let line = 0;
  for await (const bytes of linesOf(file)) {
    line += 1;
    if (!dropped.has(line)) yield Buffer.concat([bytes, Buffer.from('\n')]);
  }
}

/** Of a file in another format. */
async function* rowsWithout(file: string, dropped: Inspected['matchedLines']): AsyncGenerator<string> {
  for await (const { line, row } of readCheckedDataset(file))
    if (!dropped.has(line)) yield `${JSON.stringify(row)}\n`;
}
