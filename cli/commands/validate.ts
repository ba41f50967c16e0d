import type { Command } from 'commander';
import { checkFiles } from '../../activities/spec/files.js';
import { recordOf } from '../../activities/spec/cleanSources.js';
import { benchmarkNotes } from '../../activities/spec/benchmarkNotes.js';
import { formatFaults, type Fault } from '../../activities/spec/faults.js';
import { loadEstimate } from '../../activities/ledger/estimate.js';
import { estimateLines } from '../../domain/estimate.js';
import { inspectDatasets } from '../../activities/spec/gate.js';
import { contaminationFaults } from '../../activities/spec/gateFaults.js';
import type { Spec } from '../../activities/spec/schema.js';
import { readSpecFile } from '../../activities/spec/spec.js';
import type { ContaminationRecord } from '../../domain/contamination.js';
import { EXIT } from '../../workers/fault.js';
import { contaminationLines } from '../contamination.js';
import type { Context, Run } from '../context.js';

export function addValidate(program: Command, run: Run): void {
  program
    .command('validate')
    .description(
      'check a spec and the files it names; exit code 2 and one line a fault when something is wrong',
    )
    .argument('<spec>', 'YAML or JSON file')
    .option('--json', 'the resolved spec, or the faults, as JSON on stdout')
    .action((file: string, { json }: { json?: boolean }) => run((context) => validate(context, file, json)));
}

async function validate(
  { terminal, store }: Context,
  file: string,
  json: boolean | undefined,
): Promise<number> {
  const parsed = await readSpecFile(file);
  const faults: Fault[] = parsed.ok ? [] : [...parsed.faults];
  if (parsed.ok) await checkFiles(parsed.spec, faults);
  const spec = parsed.ok ? parsed.spec : null;
  const contamination = spec !== null && faults.length === 0 ? await gate(spec, faults) : null;
  const valid = faults.length === 0;
  const estimate = spec === null ? null : await loadEstimate(store, spec);
  if (json)
    terminal.print(JSON.stringify({ schemaVersion: 1, valid, faults, spec, contamination, estimate }));
  else if (valid) {
    terminal.say(`${file}: valid`);
    if (estimate !== null) for (const line of estimateLines(estimate)) terminal.say(line);
    if (spec !== null) for (const line of benchmarkNotes(spec)) terminal.say(line);
  } else terminal.say(formatFaults(faults));
  if (!json && contamination !== null)
    for (const line of contaminationLines(contamination)) terminal.say(line);
  return valid ? EXIT.ok : EXIT.usage;
}

/** What the contamination gate will find at the start; what it refuses is a fault. */
async function gate(spec: Spec, faults: Fault[]): Promise<ContaminationRecord> {
  const inspection = await inspectDatasets(spec);
  faults.push(...contaminationFaults(spec.contamination, inspection));
  return recordOf(spec, inspection);
}
