import {
  findingText,
  type AuditedObject,
  type Books,
  type Finding,
  auditLedger,
} from '../../domain/audit.js';
import { bookings } from '../../domain/auditStages.js';
import type { Attempt, Manifest } from '../../domain/outcome.js';
import type { ContaminationRecord } from '../../domain/contamination.js';
import { SPLITS, type Plan } from '../../domain/plan.js';
import { sha256Hex } from '../../domain/stage.js';
import type { TrialRecord, TrialResult } from '../../domain/trial.js';
import { keys } from '../store/keys.js';
import { severalAtOnce } from '../store/severalAtOnce.js';
import type { Store } from '../store/store.js';
import { loadExploration, loadRows, type StoredExploration } from './read.js';

/** `lamdagent audit NAME --json`. */
export interface AuditView {
  readonly schemaVersion: 1;
  readonly name: string;
  readonly explorationId: string;
  /** What was looked at. */
  readonly checked: {
    readonly rows: number;
    readonly decisions: number;
    readonly stages: number;
    readonly attempts: number;
  };
  /** Empty: the books are right. */
  readonly findings: readonly (Finding & { readonly message: string })[];
}

/** Null when the store knows no exploration of this name. */
export async function loadAudit(store: Store, name: string): Promise<AuditView | null> {
  const found = await loadExploration(store, name);
  if (found === null) return null;
  const books = await loadBooks(store, found);
  const stages = bookings(books).flatMap(({ result }) => result.stages);
  return {
    schemaVersion: 1,
    name,
    explorationId: books.plan.explorationId,
    checked: {
      rows: books.rows.length,
      decisions: books.decisions.length,
      stages: stages.length,
      attempts: stages.reduce((total, stage) => total + stage.attempts.length, 0),
    },
    findings: auditLedger(books).map((finding) => ({ ...finding, message: findingText(finding) })),
  };
}

/** Everything that is on record of the exploration, its objects' manifests too. */
export async function loadBooks(store: Store, found: StoredExploration): Promise<Books> {
  const { plan, rows, decisions, interventions, result, scales, openings = [], ended: end } = found;
  const source = await loadSource(store, plan.inherited?.explorationId);
  const finals = await loadFinals(store, plan.explorationId);
  const scaled = scales.flatMap((one) => one.rows);
  const ids = [...rows, ...[...finals, ...scaled].map((one) => one.result)].flatMap((one) => [
    one.stageId,
    ...Object.values(one.scores).map(({ stageId }) => stageId),
    ...one.stages.map(({ stageId }) => stageId),
  ]);
  const objects = await loadObjects(store, ids);
  return {
    ...{ plan, rows, decisions, interventions, source, finals, result, openings, scales, objects },
    gate: await loadGate(store, plan),
    ended: end !== null,
  };
}

async function loadGate(store: Store, { explorationId, contamination }: Plan): Promise<Books['gate']> {
  if (contamination === undefined) return null;
  const text = await store.read(keys.contamination(explorationId, contamination.recordSha256));
  return text === null ? null : { sha256: sha256Hex(text), record: JSON.parse(text) as ContaminationRecord };
}

async function loadSource(
  store: Store,
  explorationId: string | undefined,
): Promise<readonly TrialRecord[] | null> {
  const rows = explorationId === undefined ? [] : await loadRows(store, explorationId);
  return rows.length === 0 ? null : rows;
}

async function loadFinals(store: Store, explorationId: string): Promise<Books['finals']> {
  const found = await Promise.all(
    SPLITS.map(async (split) => {
      const listed = await store.list(keys.finalRows(explorationId, split));
      const texts = await Promise.all(listed.map((key) => store.read(key)));
      return texts.map((text) => ({ split, result: JSON.parse(text ?? 'null') as TrialResult }));
    }),
  );
  return found.flat();
}

async function loadObjects(store: Store, stageIds: readonly string[]): Promise<readonly AuditedObject[]> {
  const manifests = await severalAtOnce([...new Set(stageIds)], (stageId) => store.manifest(stageId));
  return manifests.filter((one) => one !== null).map(objectOf);
}

function objectOf({ stageId, kind, result }: Manifest): AuditedObject {
  const text = (name: string): string | null => (typeof result[name] === 'string' ? result[name] : null);
  const attempts = (result['attempts'] ?? []) as unknown as readonly Attempt[];
  return { stageId, kind, madeFor: text('madeFor'), weightsSha256: text('weightsSha256'), attempts };
}
