import type { Command } from 'commander';
import { recordOf } from '../../activities/spec/cleanSources.js';
import { deriveOnce } from '../../activities/spec/deriveOnce.js';
import { formatFaults, type Fault } from '../../activities/spec/faults.js';
import type { CheckedFiles } from '../../activities/spec/files.js';
import { forecastLines, specForecasts } from '../../activities/spec/memory.js';
import { loadEstimate } from '../../activities/ledger/estimate.js';
import { estimateLines, type CostEstimate } from '../../domain/estimate.js';
import { inspectDatasets } from '../../activities/spec/gate.js';
import { contaminationFaults } from '../../activities/spec/gateFaults.js';
import { previewPlan } from '../../activities/spec/preview.js';
import type { Spec } from '../../activities/spec/schema.js';
import { readSpecFile } from '../../activities/spec/spec.js';
import type { ContaminationRecord } from '../../domain/contamination.js';
import { derivationText, derivedRowsText } from '../../domain/data/derivationText.js';
import type { PlannedDataset } from '../../domain/plan.js';
import { plainText } from '../../domain/plainText.js';
import { EXIT } from '../../workers/fault.js';
import { contaminationLines } from '../contamination.js';
import type { Context, Run } from '../context.js';
import { example } from '../example.js';
import { quoted, sayNext } from '../next.js';
import { planLines } from '../planText.js';

export function addValidate(program: Command, run: Run): void {
  program
    .command('validate')
    .description(
      'check a spec and the files it names; exit code 2 and one line a fault when something is wrong',
    )
    .argument('<spec>', 'YAML or JSON file')
    .option('--json', 'the resolved spec, or the faults, as JSON on stdout')
    .addHelpText('after', example('validate spec.yaml'))
    .action((file: string, { json }: { json?: boolean }) => run((context) => validate(context, file, json)));
}

async function validate(
  { terminal, store }: Context,
  file: string,
  json: boolean | undefined,
): Promise<number> {
  const parsed = await readSpecFile(file);
  const faults: Fault[] = parsed.ok ? [] : [...parsed.faults];
  const found = parsed.ok ? await look(parsed, faults) : null;
  const spec = parsed.ok ? parsed.spec : null;
  const { contamination = null, derived = [] } = found ?? {};
  const valid = faults.length === 0;
  const estimate = spec === null ? null : await loadEstimate(store, spec);
  const memory = parsed.ok ? specForecasts(parsed.spec, parsed.files) : [];
  if (json)
    terminal.print(
      JSON.stringify({ schemaVersion: 1, valid, faults, spec, contamination, derived, estimate, memory }),
    );
  else
    for (const line of [
      ...(parsed.ok && valid
        ? validLines(file, parsed, { derived, estimate, memory })
        : [formatFaults(faults)]),
      ...(contamination === null
        ? []
        : [...hubLines(spec), ...derivedLines(derived), ...contaminationLines(contamination)]),
    ])
      terminal.say(plainText(line)); // rows of data are among them
  if (!json && valid)
    sayNext(terminal, [
      ['up', 'runs server and workers here; leave it running'],
      [`start ${quoted(file)} --follow`, 'starts the search, in another terminal'],
    ]);
  return valid ? EXIT.ok : EXIT.usage;
}

/** The plan, what it is likely to cost, and what one should know of it. */
function validLines(
  file: string,
  { spec, files }: { readonly spec: Spec; readonly files: CheckedFiles },
  {
    derived,
    estimate,
    memory,
  }: {
    readonly derived: readonly PlannedDataset[];
    readonly estimate: CostEstimate | null;
    readonly memory: ReturnType<typeof specForecasts>;
  },
): readonly string[] {
  const plan = previewPlan(spec, files, derived);
  return [
    `${file}: valid`,
    ...planLines(plan),
    ...(estimate === null ? [] : estimateLines(estimate)),
    ...forecastLines(memory),
    ...plan.notes,
  ];
}

interface Found {
  readonly contamination: ContaminationRecord;
  readonly derived: readonly PlannedDataset[];
}

/** What the gate will find at the start, and the datasets that are made of what it lets through. */
async function look(
  checked: { readonly spec: Spec; readonly files: CheckedFiles },
  faults: Fault[],
): Promise<Found> {
  const { spec } = checked;
  const inspection = await inspectDatasets(spec);
  faults.push(...contaminationFaults(spec.contamination, inspection));
  const refused = faults.length > 0;
  const derived = refused ? [] : await deriveOnce(checked, inspection, (fault) => faults.push(fault));
  return { contamination: recordOf(spec, inspection), derived };
}

/** What can't be checked here. */
function hubLines(spec: Spec | null): readonly string[] {
  return Object.entries({ models: spec?.models ?? {}, datasets: spec?.datasets ?? {} }).flatMap(
    ([kind, entries]) =>
      Object.entries(entries).flatMap(([name, { hub }]) =>
        hub === undefined ? [] : [`${kind}.${name}: ${hub} is fetched and checked at the start`],
      ),
  );
}

/** Rows before and after, of each derived dataset. */
function derivedLines(derived: readonly PlannedDataset[]): readonly string[] {
  return derived.flatMap(({ name, rows, derivation }) =>
    derivation === undefined
      ? []
      : [`dataset ${name}: ${derivedRowsText(derivation, rows)} (${derivationText(derivation)})`],
  );
}
