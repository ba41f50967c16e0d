import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Json } from '../../domain/json.js';
import type { Plan } from '../../domain/plan.js';
import { openTestHub, type TestHub, type TestRepository } from '../hub/testHub.js';
import { createFolderStore } from '../store/folder.js';
import { formatFaults } from './faults.js';
import { createPrepare } from './prepare.js';
import { parseSpec, readSpecFile } from './spec.js';
import { jsonLines, safetensors } from './testSpec.js';

const EXAMPLES = join(import.meta.dirname, '../../examples');
const NAMES = ['gpu-gemma2-2b', 'gpu-qwen3-1.7b'] as const;

/** Documents that lm-eval's tasks evaluate, on the hub. */
const DOCUMENTS: Readonly<Record<string, number>> = {
  ...{ gsm8k: 1319, commonsense_qa: 1221, triviaqa: 17_944, ifeval: 541 },
};

const model: TestRepository['files'] = {
  'config.json': '{"model_type":"gemma2"}',
  'tokenizer.json': '{}',
  'model.safetensors': safetensors({ b: [2, 2], a: [3] }),
};
const many = (row: (at: number) => object): string =>
  jsonLines(Array.from({ length: 12 }, (_, at) => row(at)));
const turns = (at: number, answer: string): readonly object[] => [
  { role: 'user', content: `Please do ${String(at)}.` },
  { role: 'assistant', content: `${answer} ${String(at)}` },
];
/** The repositories' file names (JSONL in the place of Parquet) and columns. */
const REPOSITORIES: Readonly<Record<string, TestRepository>> = {
  'google/gemma-2-2b': { files: model },
  'openai/gsm8k': {
    files: {
      'main/train-00000-of-00001.jsonl': many((at) => ({
        question: `How much is ${String(at)} and one?`,
        answer: `It is one more.\n#### ${String(at + 1)}`,
      })),
      'main/test-00000-of-00001.jsonl': many(() => ({ question: 'secret', answer: 'secret' })),
      'socratic/train-00000-of-00001.jsonl': many(() => ({ question: 'other', answer: 'other' })),
    },
  },
  'tau/commonsense_qa': {
    files: {
      'data/train-00000-of-00001.jsonl': many((at) => ({
        ...{ id: String(at), question: `Where is thing ${String(at)}?`, question_concept: 'thing' },
        choices: { label: ['A', 'B', 'C', 'D', 'E'], text: ['bank', 'shop', 'sea', 'sky', 'home'] },
        answerKey: 'C',
      })),
    },
  },
  'mandarjoshi/trivia_qa': {
    files: {
      'rc.nocontext/train-00000-of-00001.jsonl': many((at) => ({
        ...{ question: `Who was number ${String(at)}?`, question_id: String(at) },
        answer: { value: `Person ${String(at)}`, aliases: ['P'], normalized_value: 'p' },
      })),
      'rc/train-00000-of-00002.jsonl': many(() => ({ question: 'other', answer: { value: 'other' } })),
    },
  },
  'Salesforce/xlam-function-calling-60k': {
    files: {
      'xlam_function_calling_60k.json': JSON.stringify(
        Array.from({ length: 12 }, (_, id) => ({
          ...{ id, query: `Weather in town ${String(id)}?` },
          answers: `[{"name": "weather", "arguments": {"town": ${String(id)}}}]`,
          tools: '[{"name": "weather", "parameters": {"town": {"type": "int"}}}]',
        })),
      ),
    },
  },
  'HuggingFaceH4/ultrafeedback_binarized': {
    files: Object.fromEntries(
      ['train_prefs', 'test_prefs'].map((split) => [
        `data/${split}-00000-of-00001.jsonl`,
        many((at) => ({
          ...{
            prompt: `Please do ${String(at)}.`,
            prompt_id: String(at),
            score_chosen: 9,
            score_rejected: 2,
          },
          ...{ messages: turns(at, 'Done'), chosen: turns(at, 'Done'), rejected: turns(at, 'No') },
        })),
      ]),
    ),
  },
};

async function written(name: string): Promise<Record<string, unknown>> {
  return parse(await readFile(join(EXAMPLES, `${name}.yaml`), 'utf8')) as Record<string, unknown>;
}

/** Rows of the little repositories in the place of thousands. */
function shrunk(datasets: object): object {
  return Object.fromEntries(
    Object.entries(datasets as Readonly<Record<string, { subset?: object }>>).map(([name, one]) => [
      name,
      one.subset === undefined ? one : { subset: { ...one.subset, rows: 10 } },
    ]),
  );
}

describe('the examples for a GPU', () => {
  it('take every repository at a commit, and no more documents than a task has', async () => {
    for (const name of NAMES) {
      const parsed = parseSpec(await written(name));
      assert.ok(parsed.ok, parsed.ok ? '' : formatFaults(parsed.faults));
      const { models, datasets, benchmarks } = parsed.spec;
      for (const [entry, { hub, revision }] of Object.entries({ ...models, ...datasets }))
        if (hub !== undefined) assert.match(revision ?? '', /^[0-9a-f]{40}$/, `${name}: ${entry}`);
      for (const benchmark of Object.values(benchmarks)) {
        if (benchmark.kind !== 'lmEval') continue;
        const { search, confirm, test } = benchmark.items;
        assert.ok(search + confirm + test <= (DOCUMENTS[benchmark.task] ?? 0), benchmark.task);
      }
    }
  });

  it('say what to run where files are missing', async () => {
    const home = await mkdtemp(join(tmpdir(), 'lamdagent-gpu-'));
    try {
      const file = join(home, 'examples/qwen.yaml');
      await mkdir(join(home, 'examples'));
      await writeFile(file, await readFile(join(EXAMPLES, 'gpu-qwen3-1.7b.yaml')));
      const checked = await readSpecFile(file);
      const faults = checked.ok ? [] : formatFaults(checked.faults).split('\n');
      assert.equal(faults.length, 4);
      for (const line of faults)
        assert.match(line, /relative to the spec file\. Run \.venv\/bin\/python examples\/gpu\/qwen3\.py/);
    } finally {
      await rm(home, { recursive: true });
    }
  });

  describe('with a loopback hub', () => {
    let hub: TestHub;
    let home: string;
    before(async () => {
      hub = await openTestHub(REPOSITORIES);
      home = await mkdtemp(join(tmpdir(), 'lamdagent-gpu-'));
      const made = join(home, '.cache/qwen3-1.7b');
      await mkdir(join(made, 'model'), { recursive: true });
      for (const [name, content] of Object.entries(model))
        await writeFile(join(made, 'model', name), content);
      await mkdir(join(made, 'bfcl'));
      for (const split of ['search', 'confirm', 'test'])
        await writeFile(
          join(made, 'bfcl', `${split}.jsonl`),
          jsonLines([
            {
              ...{ id: split, messages: [{ role: 'user', content: `Area of ${split}?` }], group: split },
              ground_truth: [{ area: { of: [split] } }],
            },
          ]),
        );
    });
    after(async () => {
      await hub.close();
      await rm(home, { recursive: true });
    });

    /** The plan, and the first row of a dataset. */
    async function prepared(
      name: string,
    ): Promise<{ plan: Plan; first: (dataset: string) => Promise<unknown> }> {
      const spec = await written(name);
      const store = createFolderStore(join(home, `store-${name}`));
      const access = { endpoint: hub.endpoint, token: null, folder: join(home, 'hub'), pauseMs: 1 };
      const prepare = createPrepare({ store, root: join(home, 'examples'), hub: access });
      const { plan } = await prepare({
        spec: { ...spec, datasets: shrunk(spec['datasets'] as object) } as Json,
        workflowId: `explore/${name}`,
        firstRunId: 'run',
      });
      const first = async (dataset: string): Promise<unknown> => {
        const { stageId = '' } = plan.datasets.find((one) => one.name === dataset) ?? {};
        const text = await readFile(await store.openFile(stageId, 'data.jsonl'), 'utf8');
        return JSON.parse(text.split('\n')[0] ?? '');
      };
      return { plan, first };
    }

    it('Gemma 2 learns from the prompts of the benchmarks’ own tasks', async () => {
      const { plan, first } = await prepared('gpu-gemma2-2b');
      assert.deepEqual(await first('maths'), {
        prompt: 'Question: How much is 0 and one?\nAnswer:',
        completion: ' It is one more.\n#### 1',
      });
      assert.deepEqual(await first('commonsense'), {
        prompt: 'Question: Where is thing 0?\nA. bank\nB. shop\nC. sea\nD. sky\nE. home\nAnswer:',
        completion: ' C',
      });
      const { completion } = (await first('trivia')) as { completion: string };
      assert.match(completion, /^ Person \d+$/);
      assert.equal(plan.policy, 'hybrid');
    });

    it('Qwen3 learns calls in the benchmark’s form, instructions and preferences', async () => {
      const { first } = await prepared('gpu-qwen3-1.7b');
      const { messages } = (await first('callsAll')) as { messages: { role: string; content: string }[] };
      const source = await readFile(join(EXAMPLES, 'gpu/bfcl.py'), 'utf8');
      const [opening, form = '', closing = ''] = messages[0]?.content.split(/(\[\{.*?\}\}\])\n/) ?? [];
      for (const part of [opening, form]) assert.ok(source.includes(part ?? 'none'), part);
      assert.match(closing, /^Functions: \[\{"name": "weather"/);
      assert.deepEqual(messages[2], {
        role: 'assistant',
        content: '[{"name": "weather", "arguments": {"town": 0}}]',
      });
      assert.deepEqual(await first('preferencesAll'), {
        prompt: 'Please do 0.',
        chosen: 'Done 0',
        rejected: 'No 0',
      });
      assert.deepEqual(((await first('chatAll')) as { messages: unknown }).messages, turns(0, 'Done'));
    });
  });
});
