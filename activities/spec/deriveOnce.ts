import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PlannedDataset } from '../../domain/plan.js';
import { createFolderStore } from '../store/folder.js';
import { withCleanedDatasets } from './cleaned.js';
import { derivedDatasets } from './datasets.js';
import { DerivationFault } from './deriveDataset.js';
import type { Fault } from './faults.js';
import type { CheckedFiles } from './files.js';
import type { Inspection } from './gate.js';
import { importDatasets } from './importDatasets.js';
import type { Spec } from './schema.js';

/** The datasets as a start would make them, made in a store that is gone when this returns; only the derived ones. */
export async function deriveOnce(
  checked: { readonly spec: Spec; readonly files: CheckedFiles },
  inspection: Inspection,
  onFault: (fault: Fault) => void,
): Promise<readonly PlannedDataset[]> {
  if (derivedDatasets(checked.spec).length === 0) return [];
  const folder = await mkdtemp(join(tmpdir(), 'lamdagent-checked-'));
  try {
    const datasets = await withCleanedDatasets(checked, inspection, ({ spec, files }) =>
      importDatasets(createFolderStore(folder), spec, files),
    );
    return datasets.filter(({ derivation }) => derivation !== undefined);
  } catch (error) {
    if (!(error instanceof DerivationFault)) throw error;
    onFault(error.fault);
    return [];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
