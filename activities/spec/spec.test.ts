import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import type { Json } from '../../domain/json.js';
import { withFolder } from '../../test/harness.js';
import { createFolderStore } from '../store/folder.js';
import { formatFaults, type Fault } from './faults.js';
import { checkFiles } from './files.js';
import { createPrepare } from './prepare.js';
import { parseSpec, readSpecFile } from './spec.js';

const EXAMPLE = join(import.meta.dirname, '../../examples/quickstart/spec.yaml');

const GOOD = {
  name: 'mine',
  models: { base: { path: 'model' } },
  datasets: { numbers: { path: 'numbers.jsonl' } },
  actions: { sft: { parameters: { learningRate: [1e-4, 3e-4], steps: 10 } }, merge: {} },
  benchmarks: { numbers: { path: 'bench' } },
};

function textOf(value: unknown): string {
  const parsed = parseSpec(value);
  return parsed.ok ? '' : formatFaults(parsed.faults);
}

describe('a spec', () => {
  it('is filled in with the defaults', () => {
    const parsed = parseSpec(GOOD);
    assert.ok(parsed.ok);
    assert.equal(parsed.spec.policy, 'auto');
    assert.equal(parsed.spec.budget.trials, 12);
    assert.deepEqual(parsed.spec.objective.constraints, []);
  });

  const faulty: readonly (readonly [string, object, RegExp])[] = [
    [
      'an unknown key',
      { parralel: 2 },
      /parralel: expected a known key, got .*parralel.* Did you mean parallel\?/,
    ],
    [
      'an unknown parameter',
      { actions: { sft: { parameters: { learningrate: 1 } } } },
      /actions\.sft\.parameters\.learningrate: .*Did you mean learningRate\?/,
    ],
    [
      'a value outside the table',
      { actions: { sft: { parameters: { steps: 0 } } } },
      /actions\.sft\.parameters\.steps: expected a whole number from 1/,
    ],
    [
      'an unknown choice',
      { actions: { merge: { parameters: { method: 'tie' } } } },
      /method: expected one of linear, taskArithmetic, ties, got "tie"\. Did you mean ties\?/,
    ],
    [
      'an impossible range',
      { actions: { sft: { parameters: { learningRate: { low: 1, high: 0.1 } } } } },
      /learningRate: expected low < high/,
    ],
    [
      'a dangling dataset',
      { actions: { sft: { datasets: ['number'] } } },
      /datasets\.0: expected a dataset of this spec, got number\. Did you mean numbers\?/,
    ],
    [
      'a dangling benchmark',
      { objective: { constraints: [{ benchmark: 'guard', atLeast: 'base - 0.02' }] } },
      /constraints\.0\.benchmark: expected a benchmark/,
    ],
    [
      'a bad bound',
      { objective: { constraints: [{ benchmark: 'numbers', atLeast: 'best' }] } },
      /atLeast: expected/,
    ],
    [
      'no weight at all',
      { benchmarks: { numbers: { path: 'bench', weight: 0 } } },
      /benchmarks: expected at least one with a weight above 0/,
    ],
    ['the agent without an LLM', { policy: 'agent' }, /policy: expected an llm beside the agent policy/],
    ['a bad name', { name: '../x' }, /name: expected a name of lower-case letters/],
  ];
  for (const [what, change, message] of faulty)
    it(`with ${what} gets a message that says what to do`, () => {
      assert.match(textOf({ ...GOOD, ...change }), message);
    });

  it('gets all its faults at once', () => {
    const text = textOf({
      ...GOOD,
      policy: 'agent',
      actions: { sft: { datasets: ['x'], parameters: { steps: -1 } } },
    });
    assert.equal(text.split('\n').length, 3, text);
  });

  it('that is no mapping is refused without a stack', () => {
    for (const value of [null, 7, 'text', []]) assert.match(textOf(value), /^spec: expected/);
  });
});

describe('the example specs', () => {
  it('parse, and name files that are there and right', async () => {
    const parsed = await readSpecFile(EXAMPLE);
    assert.ok(parsed.ok, parsed.ok ? '' : formatFaults(parsed.faults));
    const faults: Fault[] = [];
    await checkFiles(parsed.spec, faults);
    assert.equal(formatFaults(faults), '');
  });
});

describe('the files of a spec', () => {
  async function faultsOf(change: (folder: string) => Promise<void>): Promise<string> {
    return withFolder(async (folder) => {
      await mkdir(join(folder, 'model'));
      await mkdir(join(folder, 'bench'));
      for (const name of ['config.json', 'model.safetensors', 'tokenizer.json'])
        await writeFile(join(folder, 'model', name), '{}');
      await writeFile(join(folder, 'numbers.jsonl'), '{"text":"one"}\n');
      for (const split of ['search', 'confirm', 'test'])
        await writeFile(
          join(folder, 'bench', `${split}.jsonl`),
          `{"id":"${split}","messages":[{"role":"user","content":"${split}"}],"answers":["1"]}\n`,
        );
      await change(folder);
      await writeFile(join(folder, 'spec.yaml'), JSON.stringify(GOOD));
      const parsed = await readSpecFile(join(folder, 'spec.yaml'));
      assert.ok(parsed.ok);
      const faults: Fault[] = [];
      await checkFiles(parsed.spec, faults);
      return formatFaults(faults).replaceAll(folder, '');
    });
  }

  it('are all fine when they are', async () => {
    assert.equal(await faultsOf(() => Promise.resolve()), '');
  });

  it('are named with their line when a row is wrong', async () => {
    assert.match(
      await faultsOf((folder) =>
        writeFile(join(folder, 'numbers.jsonl'), '{"text":"one"}\nnot json\n{"question":"x"}\n'),
      ),
      /numbers\.jsonl:2: expected a JSON object[\s\S]*numbers\.jsonl:2: expected messages/,
    );
    assert.match(
      await faultsOf((folder) =>
        writeFile(join(folder, 'bench/test.jsonl'), '{"id":"t","messages":[],"answers":[1]}\n'),
      ),
      /test\.jsonl:1: expected answers, a list of texts/,
    );
  });

  it('may not share an item between splits', async () => {
    const item = '{"id":"search","messages":[{"role":"user","content":"again"}],"answers":["1"]}\n';
    assert.match(
      await faultsOf((folder) => writeFile(join(folder, 'bench/test.jsonl'), item)),
      /test\.jsonl:1: expected an item once in all splits/,
    );
  });

  it('may not be pickles', async () => {
    const { rename } = await import('node:fs/promises');
    const text = await faultsOf((folder) =>
      rename(join(folder, 'model/model.safetensors'), join(folder, 'model/pytorch_model.bin')),
    );
    assert.match(text, /models\.base: expected weights as \*\.safetensors/);
  });
});

describe('preparing an exploration', () => {
  const input = (spec: unknown) => ({
    spec: spec as Json,
    workflowId: 'explore/quickstart',
    firstRunId: 'run-1',
  });

  it('imports everything by content, once, and gives the same plan again', async () => {
    const parsed = await readSpecFile(EXAMPLE);
    assert.ok(parsed.ok);
    await withFolder(async (folder) => {
      const store = createFolderStore(folder);
      const prepare = createPrepare({ store });
      const first = await prepare(input(parsed.spec));
      assert.deepEqual(await prepare(input(parsed.spec)), first);
      assert.equal(first.baselines.length, 2);
      for (const { stageId } of [...first.plan.models, ...first.plan.datasets])
        assert.ok(await store.manifest(stageId));
      assert.equal(first.plan.policy, 'random');
      assert.match(first.plan.notes.join(), /--llm embedded/);
    });
  });

  it('fails for good, with every fault, on a bad spec', async () => {
    await withFolder(async (folder) => {
      const prepare = createPrepare({ store: createFolderStore(folder) });
      await assert.rejects(prepare(input({ ...GOOD, trails: 3 })), (error: unknown) => {
        assert.ok(error instanceof ApplicationFailure);
        assert.equal(error.nonRetryable, true);
        assert.equal(error.type, 'InvalidSpec');
        assert.match(error.message, /trails: expected a known key/);
        return true;
      });
    });
  });
});
