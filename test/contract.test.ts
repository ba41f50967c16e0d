import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BuildJobSchema, StageSchema } from '../activities/spec/contract.js';
import { specJsonSchema } from '../activities/spec/editorSchema.js';
import { withFolder } from './harness.js';

const ROOT = join(import.meta.dirname, '..');

describe('the contract', () => {
  it('generates exactly the committed JSON Schema, Python models and tables of methods', async () => {
    await withFolder((folder) => {
      execFileSync(process.execPath, [join(ROOT, 'setup/contract.mjs'), folder], { stdio: 'pipe' });
      const committed = {
        'messages.schema.json': 'contract',
        'messages.py': 'python-gpu/lamdagent_gpu/contract',
        'training.md': 'docs',
      };
      for (const [name, home] of Object.entries(committed))
        assert.equal(
          readFileSync(join(folder, name), 'utf8'),
          readFileSync(join(ROOT, home, name), 'utf8'),
          name,
        );
      return Promise.resolve();
    });
  });

  it('has the editors’ schema of the spec committed as it is', () => {
    assert.equal(readFileSync(join(ROOT, 'contract/spec.schema.json'), 'utf8'), specJsonSchema());
  });

  it('refuses unknown keys and numbers where text is meant', () => {
    const stage = { kind: 'sft', recipeVersion: 1, inputs: {}, parameters: {}, seed: '1' };
    assert.equal(StageSchema.safeParse(stage).success, true);
    assert.equal(StageSchema.safeParse({ ...stage, seed: 1 }).success, false);
    assert.equal(StageSchema.safeParse({ ...stage, extra: 1 }).success, false);
    const job = {
      schemaVersion: 1,
      stageId: 'a'.repeat(64),
      stage,
      options: { checkpointSeconds: 1, maxStalledAttempts: 3 },
      requester: 'exploration/t0001',
      label: 'x',
    };
    assert.equal(BuildJobSchema.safeParse(job).success, true);
    assert.equal(BuildJobSchema.safeParse({ ...job, schemaVersion: 2 }).success, false);
  });
});
