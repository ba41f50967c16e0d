import { contaminationRecord, type ContaminationRecord } from '../../domain/contamination.js';
import type { Store } from '../store/store.js';
import { withCleanedDatasets } from './cleaned.js';
import { DerivationFault } from './deriveDataset.js';
import type { Fault } from './faults.js';
import type { CheckedFiles } from './files.js';
import { inspectDatasets, requireUnchanged, type Inspection } from './gate.js';
import { contaminationFaults } from './gateFaults.js';
import type { Spec } from './schema.js';
import { importSources, type Sources } from './sources.js';

export type Imported =
  | { readonly ok: true; readonly sources: Sources; readonly record: ContaminationRecord }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/** Imports what the contamination gate lets through, and derives from that; nothing where it refuses a dataset. */
export async function importClean(
  store: Store,
  checked: { readonly spec: Spec; readonly files: CheckedFiles },
): Promise<Imported> {
  const inspection = await inspectDatasets(checked.spec);
  const faults = contaminationFaults(checked.spec.contamination, inspection);
  if (faults.length > 0) return { ok: false, faults };
  try {
    const sources = await withCleanedDatasets(checked, inspection, ({ spec, files }) =>
      importSources(store, spec, files),
    );
    await requireUnchanged(inspection);
    return { ok: true, sources, record: recordOf(checked.spec, inspection) };
  } catch (error) {
    if (error instanceof DerivationFault) return { ok: false, faults: [error.fault] };
    throw error;
  }
}

/** What the gate found under the spec's policy. */
export function recordOf(
  { contamination }: Pick<Spec, 'contamination'>,
  inspection: Inspection,
): ContaminationRecord {
  const findings = inspection.datasets.map((one) => one.findings);
  return contaminationRecord(contamination, { ...inspection, datasets: findings });
}
