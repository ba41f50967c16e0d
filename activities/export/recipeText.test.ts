import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Recipe } from '../../domain/recipe.js';
import { RecipeSchema } from '../spec/contract.js';
import { recipeText } from './recipeText.js';
import { requirementsText } from './python.js';

const python = join(import.meta.dirname, '../../.venv/bin/python');
const id = (digit: string): string => digit.repeat(64);

/** Values that some YAML reader takes for something else. */
const AWKWARD = {
  ...{ tiny: 1e-7, small: -2.5e-9, half: 0.5, whole: 3, huge: 1e21 },
  ...{
    digits: '12',
    exponent: '1e5',
    yes: 'yes',
    clock: '12:30',
    date: '2020-01-01',
    equals: '=',
    merge: '<<',
  },
  ...{
    lines: 'a: b # c\nd',
    empty: '',
    tilde: '~',
    hex: '0x12',
    layers: '0.2, 0.8',
    list: [1, 2.5, 'three'],
  },
};
const RECIPE: Recipe = {
  schemaVersion: 1,
  exploration: 'sample',
  explorationId: 'sample-00000000',
  trial: 't0002',
  sources: [
    {
      ...{ name: 'base', kind: 'model', stageId: id('a'), stage: null, origin: '', folder: 'models/base' },
      files: [{ path: 'config.json', bytes: 2, sha256: id('b') }],
      facts: { parameterCount: 3 },
    },
  ],
  steps: [
    {
      ...{ name: 't0002', does: 'sft on base', stageId: id('c'), weightsSha256: id('d') },
      stage: { kind: 'sft', recipeVersion: 1, inputs: { model: [id('a')] }, parameters: AWKWARD, seed: '7' },
      madeWith: {
        ...{ device: 'cpu', machine: 'x86_64', system: 'Linux', python: '3.11.2', threads: 1 },
        libraries: { torch: '2.12.1+cpu', numpy: '2.4.5' },
      },
    },
  ],
  scores: [],
};

describe('the text of a recipe', () => {
  it('is read alike by YAML 1.1 (Python) and 1.2 (ours), to the last value', () => {
    const text = recipeText(RECIPE);
    const read = 'import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin)))';
    const theirs: unknown = JSON.parse(execFileSync(python, ['-c', read], { input: text, encoding: 'utf8' }));
    assert.deepEqual(theirs, RECIPE);
    assert.deepEqual(RecipeSchema.parse(parse(text)), RECIPE);
  });

  it('comes with the versions that made the model, as PyPI has them, and without the server', () => {
    const pinned = '# ours\ntorch==2.13.0\nnumpy==2.4.6\ntemporalio==1.35.0\ntemporal-bin==1.9.1\n';
    assert.equal(
      requirementsText(pinned, RECIPE),
      '# What made the model, with Python 3.11.2 on Linux x86_64, cpu.\ntorch==2.12.1\nnumpy==2.4.5\ntemporalio==1.35.0\n',
    );
    const unrecorded = { ...RECIPE, steps: RECIPE.steps.map((step) => ({ ...step, madeWith: null })) };
    assert.match(requirementsText(pinned, unrecorded), /not recorded.*\ntorch==2\.13\.0\n/);
  });
});
