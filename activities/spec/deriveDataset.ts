import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { derivedStage, keepsOrder } from '../../domain/data/derivedStage.js';
import type { JsonObject } from '../../domain/json.js';
import type { PlannedDataset } from '../../domain/plan.js';
import { canonicalJson, identify, type IdentifiedStage } from '../../domain/stage.js';
import type { Json } from '../../domain/json.js';
import { DERIVE } from '../data/derive.js';
import { Underivable, type DerivationInput } from '../data/derivation.js';
import { templateShape } from '../data/rowTemplate.js';
import { keys } from '../store/keys.js';
import type { Store } from '../store/store.js';
import type { DerivedDataset } from './datasets.js';
import type { Fault } from './faults.js';

interface Inputs {
  readonly inputs: readonly PlannedDataset[];
  readonly seed: string;
}
interface Made {
  readonly rows: number;
  readonly leftOut: Readonly<Record<string, number>>;
}

/** What the user can mend of a derived dataset. */
export class DerivationFault extends Error {
  override readonly name = 'DerivationFault';
  constructor(readonly fault: Fault) {
    super(`${fault.path}: expected ${fault.rule}, got ${fault.value}. ${fault.hint}`);
  }
}

/** The object of a derived dataset: what the store has, else made now. */
export async function deriveDataset(
  store: Store,
  dataset: DerivedDataset,
  { inputs, seed }: Inputs,
): Promise<PlannedDataset> {
  const { name, operation, written, inputs: from } = dataset;
  const ids = inputs.map(({ stageId }) => stageId);
  const identified = identify(derivedStage(operation, { written, inputs: ids, seed }));
  const { stageId, stage } = identified;
  await store.putIfAbsent(keys.stage(stageId), canonicalJson(stage as unknown as Json));
  const shape = operation === 'template' ? templateShape(written) : (inputs[0]?.shape ?? 'sft');
  const ordered = keepsOrder(
    operation,
    inputs.map(({ derivation }) => derivation ?? {}),
  );
  const facts = { shape, ...(ordered ? { order: 'kept' } : {}) };
  const known = await store.manifest(stageId);
  const { rows, leftOut } =
    known === null
      ? await make(store, dataset, { inputs, identified, facts })
      : (known.result as unknown as Made);
  const { operation: _, operationVersion: __, ...parameters } = stage.parameters;
  const rowsBefore = inputs.reduce((sum, input) => sum + input.rows, 0);
  const derivation = { operation, from, parameters, rowsBefore, leftOut, keepsOrder: ordered };
  return { name, stageId, shape, rows, derivation };
}

async function make(
  store: Store,
  { name, operation }: DerivedDataset,
  of: {
    readonly inputs: readonly PlannedDataset[];
    readonly identified: IdentifiedStage;
    readonly facts: JsonObject;
  },
): Promise<Made> {
  const { stageId, stage } = of.identified;
  const path = `datasets.${name}.${operation}`;
  const opened = await openInputs(store, of.inputs, stage.inputs['data'] ?? []);
  const folder = await mkdtemp(join(tmpdir(), 'lamdagent-derived-'));
  try {
    const file = join(folder, 'data.jsonl');
    const { lines, leftOut } = DERIVE[operation](opened, stage.parameters, stage.seed);
    const rows = await write(lines, file);
    if (rows === 0) throw new Underivable('at least one row', `none${reasons(leftOut)}`, 'Ask for less.');
    await store.publish(stageId, 'dataset', [{ path: 'data.jsonl', file }], { ...of.facts, rows, leftOut });
    return { rows, leftOut };
  } catch (error) {
    if (!(error instanceof Underivable)) throw error;
    throw new DerivationFault({ path, rule: error.rule, value: error.value, hint: error.hint });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** In the order of the stage's inputs, which may name one twice. */
async function openInputs(
  store: Store,
  inputs: readonly PlannedDataset[],
  ids: readonly string[],
): Promise<readonly DerivationInput[]> {
  const opened: DerivationInput[] = [];
  for (const id of ids) {
    const input = inputs.find(({ stageId }) => stageId === id);
    if (input === undefined) throw new Error(`input of a dataset: expected one of the spec's, got ${id}`);
    const { name, stageId, rows } = input;
    opened.push({ name, stageId, rows, file: await store.openFile(id, 'data.jsonl') });
  }
  return opened;
}

/** One row a line; how many they are. */
async function write(lines: AsyncIterable<Buffer>, file: string): Promise<number> {
  let rows = 0;
  const ended = async function* (): AsyncGenerator<Buffer> {
    for await (const line of lines) {
      rows += 1;
      yield Buffer.concat([line, Buffer.from('\n')]);
    }
  };
  await pipeline(ended(), createWriteStream(file));
  return rows;
}

function reasons(leftOut: Readonly<Record<string, number>>): string {
  const all = Object.entries(leftOut).map(([reason, rows]) => `${reason} ${String(rows)}`);
  return all.length === 0 ? '' : ` (left out: ${all.join(', ')})`;
}
