import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DataShape } from '../../domain/dataShapes.js';
import { checkDataset } from './datasetFile.js';
import { formatFaults, type Fault } from './faults.js';
import { jsonLines } from './testSpec.js';

describe('the shape of a dataset', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'lamdagent-shapes-'));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  async function checked(rows: readonly object[], wanted?: DataShape) {
    const file = join(root, 'rows.jsonl');
    await writeFile(file, jsonLines(rows));
    const faults: Fault[] = [];
    const facts = await checkDataset(file, { shape: wanted, templates: [] }, (one) => faults.push(one));
    return { shape: facts?.shape, faults: formatFaults(faults).replaceAll(`${root}/`, '') };
  }

  it('is labelled where answers are marked true or false', async () => {
    const row = { prompt: 'q', completion: 'a', label: true };
    assert.deepEqual(await checked([row, { ...row, label: false }]), { shape: 'labelled', faults: '' });
    assert.deepEqual(await checked([row], 'sft'), { shape: 'sft', faults: '' });
    const { faults } = await checked(
      [
        { ...row, label: 1 },
        { prompt: 'q', label: true },
      ],
      'labelled',
    );
    assert.equal(
      faults,
      "rows.jsonl:1: expected label true or false, got 1. The dataset's shape is labelled, as the spec says.\n" +
        'rows.jsonl:2: expected prompt, completion and label, got keys prompt, label.',
    );
  });

  it('is sft where a label is no truth value', async () => {
    const row = { prompt: 'q', completion: 'a', label: 'maths' };
    assert.deepEqual(await checked([row]), { shape: 'sft', faults: '' });
  });

  it('is verifiable where a prompt has right answers and no completion', async () => {
    const row = { prompt: 'q', answers: ['a', 'b'] };
    const calls = { prompt: [{ role: 'user', content: 'q' }], ground_truth: [{ add: { a: [1] } }] };
    assert.deepEqual(await checked([row, calls]), { shape: 'verifiable', faults: '' });
    assert.deepEqual(await checked([{ ...row, completion: 'a' }]), { shape: 'sft', faults: '' });
    const { faults } = await checked([row, { prompt: 'q', answers: 'a' }, { answers: ['a'] }]);
    assert.equal(
      faults,
      'rows.jsonl:2: expected answers as a list of texts, got "a".\n' +
        'rows.jsonl:3: expected prompt, and answers or ground_truth, got keys answers.',
    );
  });
});
