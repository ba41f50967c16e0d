import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { parse } from 'yaml';
import { formatFaults } from './faults.js';
import { knownKeysAt } from './knownKeys.js';
import { parseSpec, readSpecFile } from './spec.js';
import { sampleSpec } from './testSpec.js';

const EXAMPLES = join(import.meta.dirname, '../../examples');

function faultsOf(changes: Readonly<Record<string, unknown>>): readonly string[] {
  const parsed = parseSpec(sampleSpec(changes));
  return parsed.ok ? [] : formatFaults(parsed.faults).split('\n');
}
const commandBenchmark = (changes: object): object => ({
  ...{ kind: 'command', path: 'skill', command: ['sh', 'score.sh', '{model}'], files: ['score.sh'] },
  ...{ items: { search: 1, confirm: 1, test: 1 }, ...changes },
});
const sft = (action: object): Readonly<Record<string, unknown>> => ({ actions: { sft: action } });

describe('a spec', () => {
  it('takes anchors by layer beside numbers', () => {
    const parameters = { lambda: [0.5, '0.2, 0.8', 'mlp: 0, 1; 0.5'], t: '0, 1' };
    assert.deepEqual(faultsOf({ actions: { merge: { parameters } } }), []);
  });

  it('is filled in with defaults', () => {
    const parsed = parseSpec(sampleSpec());
    assert.ok(parsed.ok);
    const { seed, policy, budget, parallel, finalists, benchmarks, actions } = parsed.spec;
    assert.deepEqual([seed, policy, budget, parallel, finalists], [1, 'auto', { trials: 12 }, 1, 3]);
    assert.deepEqual(benchmarks['skill'], {
      path: 'skill',
      metric: 'exactMatch',
      weight: 1,
      maxNewTokens: 8,
    });
    assert.deepEqual(actions.dpo, { maxDatasets: 3, parameters: {} });
  });

  it('means the same when its resolved form is given again as plain JSON', () => {
    const first = parseSpec(sampleSpec({ budget: { wallClock: '1h 30m' }, llm: { embedded: true } }));
    assert.ok(first.ok);
    assert.equal(first.spec.budget.wallClock, 5400);
    assert.deepEqual(parseSpec(JSON.parse(JSON.stringify(first.spec))), first);
  });

  it('says of a misspelled key which one was meant, at every depth', () => {
    assert.deepEqual(faultsOf({ sed: 3 }), ['sed: expected a known key, got "sed". Did you mean seed?']);
    const written = { ...sft({ parameters: { learning_rate: 1, steps: { low: 1, hihg: 2, high: 3 } } }) };
    assert.deepEqual(faultsOf(written), [
      'actions.sft.parameters.steps.hihg: expected a known key, got "hihg". Did you mean high?',
      'actions.sft.parameters.learning_rate: expected a known key, got "learning_rate". Did you mean learningRate?',
    ]);
  });

  const cases: readonly (readonly [string, Readonly<Record<string, unknown>>, string])[] = [
    [
      'a value out of the table',
      sft({ parameters: { learningRate: 5 } }),
      'actions.sft.parameters.learningRate: expected a number from 1e-8 to 1, got 5.',
    ],
    [
      'an anchor out of the table',
      { actions: { merge: { parameters: { lambda: [1, '0.5, 9'] } } } },
      'actions.merge.parameters.lambda.1: expected a number from -8 to 8, or anchors by layer such as "0.2, 0.8", got "0.5, 9".',
    ],
    [
      'anchors for what is the same in all layers',
      { actions: { merge: { parameters: { share: '0.5, 0.9' } } } },
      'actions.merge.parameters.share: expected a number from 0.05 to 1, a list of them, or {low, high, scale}, got "0.5, 0.9".',
    ],
    [
      'a kind of benchmark that there is not',
      { benchmarks: { skill: { path: 'skill', kind: 'multiplechoice' }, guard: { path: 'guard' } } },
      'benchmarks.skill.kind: expected one of generation, multipleChoice, perplexity, command, lmEval, judge, got "multiplechoice".',
    ],
    [
      'a metric of another kind',
      {
        benchmarks: {
          skill: { path: 'skill', kind: 'multipleChoice', metric: 'f1' },
          guard: { path: 'guard' },
        },
      },
      'benchmarks.skill.metric: expected one of accuracy, accuracyNormalised, got "f1". Use one of: accuracy, accuracyNormalised.',
    ],
    [
      'a key of another kind',
      {
        benchmarks: {
          skill: { path: 'skill', kind: 'perplexity', maxNewTokens: 4 },
          guard: { path: 'guard' },
        },
      },
      'benchmarks.skill.maxNewTokens: expected a known key, got "maxNewTokens". Use one of: kind, path, metric, weight.',
    ],
    [
      'a command that gets no model',
      { benchmarks: { skill: commandBenchmark({ command: ['sh'] }), guard: { path: 'guard' } } },
      'benchmarks.skill.command: expected an argument with {model}, where the path of the model is put, got ["sh"].',
    ],
    [
      'a file of a command outside its folder',
      { benchmarks: { skill: commandBenchmark({ files: ['../score.py'] }), guard: { path: 'guard' } } },
      'benchmarks.skill.files.0: expected a path inside the folder, with / and without .., got "../score.py".',
    ],
    [
      'a folder of an lm-eval task without its files',
      {
        benchmarks: {
          skill: {
            kind: 'lmEval',
            task: 'ours',
            path: 'skill',
            metric: 'acc',
            items: { search: 1, confirm: 1, test: 1 },
          },
          guard: { path: 'guard' },
        },
      },
      'benchmarks.skill.files: expected path and files together, or neither, got nothing. Add it.',
    ],
    [
      'a judge’s address that holds a key',
      {
        benchmarks: {
          skill: { kind: 'judge', path: 'skill', judge: { baseUrl: 'http://a:secret@b/v1', model: 'm' } },
          guard: { path: 'guard' },
        },
      },
      'benchmarks.skill.judge.baseUrl: expected an address without user name, password, query or fragment: specs are recorded, and keys belong in LAMDAGENT_JUDGE_API_KEY, got "http://…@b/v1".',
    ],
    [
      'a scale upside down',
      {
        benchmarks: {
          skill: {
            ...{ kind: 'judge', path: 'skill', scale: { low: 5, high: 5 } },
            judge: { baseUrl: 'http://b/v1', model: 'm' },
          },
          guard: { path: 'guard' },
        },
      },
      'benchmarks.skill.scale: expected low below high, got {"low":5,"high":5}.',
    ],
    [
      'one bad choice of several',
      sft({ parameters: { steps: [10, 1.5] } }),
      'actions.sft.parameters.steps.1: expected a whole number from 1 to 1000000, got 1.5.',
    ],
    [
      'no choice',
      sft({ parameters: { steps: [] } }),
      'actions.sft.parameters.steps: expected at least one choice, got [].',
    ],
    [
      'a choice twice',
      sft({ parameters: { steps: [5, 5] } }),
      'actions.sft.parameters.steps: expected choices that differ, got [5,5].',
    ],
    [
      'an unknown word',
      sft({ parameters: { scheduler: 'cosin' } }),
      'actions.sft.parameters.scheduler: expected one of linear, cosine, constant, got "cosin". Did you mean cosine?',
    ],
    [
      'a range upside down',
      sft({ parameters: { steps: { low: 9, high: 3 } } }),
      'actions.sft.parameters.steps: expected low below high, got {"low":9,"high":3}.',
    ],
    [
      'a log range from 0',
      sft({ parameters: { weightDecay: { low: 0, high: 1, scale: 'log' } } }),
      'actions.sft.parameters.weightDecay: expected low above 0 on a log scale, got {"low":0,"high":1,"scale":"log"}.',
    ],
    [
      'a range of words',
      sft({ parameters: { tuning: { low: 1, high: 2 } } }),
      'actions.sft.parameters.tuning: expected one of full, lora, qlora, got {"low":1,"high":2}.',
    ],
    [
      'a dataset that is none',
      sft({ datasets: ['alpa'] }),
      'actions.sft.datasets.0: expected the name of a dataset, got "alpa". Did you mean alpha?',
    ],
    [
      'a constraint on nothing',
      { objective: { constraints: [{ benchmark: 'gard', atLeast: 0.5 }] } },
      'objective.constraints.0.benchmark: expected the name of a benchmark, got "gard". Did you mean guard?',
    ],
    [
      'a bound that is none',
      { objective: { constraints: [{ benchmark: 'guard', atLeast: 'bse' }] } },
      'objective.constraints.0.atLeast: expected a number from 0 to 1, "base", or "base - 0.02", got "bse".',
    ],
    [
      'weights that are all 0',
      { benchmarks: { guard: { path: 'guard', weight: 0 } } },
      'benchmarks: expected at least one weight above 0, got [0]. Give a weight to what the search should raise.',
    ],
    [
      'an agent without an LLM',
      { policy: 'agent' },
      'llm: expected an llm for the agent policy, got none. Add baseUrl and model, or embedded: true.',
    ],
    [
      'a hybrid without an LLM',
      { policy: 'hybrid' },
      'llm: expected an llm for the hybrid policy, got none. Add baseUrl and model, or embedded: true.',
    ],
    [
      'half an LLM',
      { llm: { baseUrl: 'http://localhost:1/v1' } },
      'llm: expected either embedded: true, or baseUrl and model, got {"baseUrl":"http://localhost:1/v1"}.',
    ],
    [
      'an address with a password, which is not shown',
      { llm: { baseUrl: 'http://user:canary@127.0.0.1:1/v1', model: 'm' } },
      'llm.baseUrl: expected an address without user name, password, query or fragment: specs are recorded, and keys belong in OPENAI_API_KEY, got "http://…@127.0.0.1:1/v1".',
    ],
    [
      'an address with a key behind it, which is not shown',
      { llm: { baseUrl: 'https://host/v1?api_key=canary', model: 'm' } },
      'llm.baseUrl: expected an address without user name, password, query or fragment: specs are recorded, and keys belong in OPENAI_API_KEY, got "https://host/v1?…".',
    ],
    [
      'a password that is no address, which is not shown either',
      { llm: { baseUrl: 'http://user:can/ary@h', model: 'm' } },
      'llm.baseUrl: expected an http or https address, got "http://…@h".',
    ],
    [
      'a duration in words',
      { budget: { wallClock: 'an hour' } },
      'budget.wallClock: expected seconds, or a duration such as "90s", "30m", "2h", "1d", got "an hour".',
    ],
    [
      'a name that could be a path',
      { name: '../x' },
      'name: expected a name of at most 64 lower-case letters, digits, dots, dashes, underscores, got "../x".',
    ],
    [
      'no model',
      { models: {} },
      'models: expected at least one model, got none. Name a folder with a model.',
    ],
    [
      'values that never go together',
      { actions: { grpo: { parameters: { batchSize: [10, 12], samples: 8 } } } },
      'actions.grpo.parameters.batchSize: expected a multiple of samples, 8, got 10.',
    ],
    [
      'no data at all',
      { datasets: {}, actions: { dpo: {} } },
      'actions.dpo: expected preference data, got none. Add a dataset, or leave dpo out.',
    ],
  ];
  for (const [what, changes, message] of cases)
    it(`is refused for ${what}`, () => {
      assert.deepEqual(faultsOf(changes), [message]);
    });

  it('is told all its faults at once, names in faulty parts included', () => {
    const found = faultsOf({
      seed: -1,
      models: { base: { pth: 'model' } },
      actions: { sft: { datasets: ['alpa'], maxDatasets: 0 }, stf: {} },
      objective: { constraints: [{ benchmark: 'gard' }, { benchmark: 'skil', atLeast: 0.1 }] },
      policy: 'agent',
    });
    const places = found.map((line) => line.slice(0, line.indexOf(':')));
    assert.deepEqual(places.sort(), [
      'actions.sft.datasets.0',
      'actions.sft.maxDatasets',
      'actions.stf',
      'llm',
      'models.base.path',
      'models.base.pth',
      'objective.constraints.0.atLeast',
      'objective.constraints.0.benchmark',
      'objective.constraints.1.benchmark',
      'seed',
    ]);
  });

  it('is refused in plain words whatever it is', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.jsonValue(), fc.record({ models: fc.jsonValue(), actions: fc.jsonValue() })),
        (value) => {
          const parsed = parseSpec(value);
          assert.ok(!parsed.ok && parsed.faults.length > 0);
          for (const line of formatFaults(parsed.faults).split('\n'))
            assert.match(line, /: expected .+, got .+\./);
        },
      ),
    );
  });

  it('survives one odd value at any place', () => {
    const places = [
      'name',
      'models',
      'datasets',
      'actions',
      'benchmarks',
      'objective',
      'policy',
      'llm',
      'budget',
    ];
    fc.assert(
      fc.property(fc.constantFrom(...places), fc.jsonValue(), (place, value) => {
        const parsed = parseSpec(sampleSpec({ [place]: value }));
        assert.ok(parsed.ok || parsed.faults.length > 0);
      }),
    );
  });
});

describe('the keys a spec may have', () => {
  it('are read from its schema', () => {
    assert.deepEqual(knownKeysAt(['models', 'any']), ['path', 'hub', 'revision']);
    assert.deepEqual(knownKeysAt(['objective', 'constraints', 0]), ['benchmark', 'atLeast']);
    assert.ok(knownKeysAt(['actions', 'dpo', 'parameters']).includes('beta'));
    assert.deepEqual(knownKeysAt(['actions', 'sft', 'parameters', 'steps']), ['low', 'high', 'scale']);
    assert.deepEqual(knownKeysAt(['no', 'such', 'place']), []);
  });
});

describe('a spec file', () => {
  it('that is not there, or no YAML, is one fault with file and line', async () => {
    const none = await readSpecFile('/no/such/spec.yaml');
    assert.ok(!none.ok);
    assert.equal(
      formatFaults(none.faults),
      '/no/such/spec.yaml: expected a readable spec file, got none. Check the path.',
    );
  });

  it('of the quickstart is whole, with all its files', async () => {
    const checked = await readSpecFile(join(EXAMPLES, 'quickstart/spec.yaml'));
    assert.equal(checked.ok ? '' : formatFaults(checked.faults), '');
  });

  it('of every example parses', async () => {
    const files = (await readdir(EXAMPLES)).filter((name) => name.endsWith('.yaml'));
    assert.ok(files.length > 0);
    for (const file of files) {
      const parsed = parseSpec(parse(await readFile(join(EXAMPLES, file), 'utf8')));
      assert.equal(parsed.ok ? '' : formatFaults(parsed.faults), '', file);
    }
  });
});
