import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CONTRACT } from '../activities/spec/contract.js';
import { ACTION_TYPES, MERGE_METHODS, TRAININGS } from '../domain/actionTypes.js';
import { memoryNeed } from '../domain/memory.js';
import { BENCHMARK_KINDS } from '../domain/metrics.js';
import type { ParameterValues } from '../domain/parameterSpace.js';
import { modelShape } from '../activities/spec/modelShape.js';
import { safetensors } from '../activities/spec/testSpec.js';
import { weightsFacts } from '../activities/spec/weights.js';
import { WorkersSchema } from '../activities/spec/workers.js';
import { createFolderStore } from '../activities/store/folder.js';
import { sha256Hex, stageIdOf, type Stage } from '../domain/stage.js';

const root = join(import.meta.dirname, '..');
const ID = sha256Hex('an object');

/** What a Python program with our package prints, as JSON. */
async function python(program: string, ...args: readonly string[]): Promise<unknown> {
  const env = { ...process.env, PYTHONPATH: join(root, 'python-gpu') };
  const { stdout } = await promisify(execFile)(join(root, '.venv/bin/python'), ['-c', program, ...args], {
    env,
  });
  return JSON.parse(stdout);
}

describe('TypeScript and Python agree', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lamdagent-languages-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('on the hash and size of weights', async () => {
    const shards = [safetensors({ 'b.weight': [2, 3], a: [], Z: [0, 4] }), safetensors({ 'b.Bias': [5] })];
    const files = shards.map((_, index) => join(folder, `model-${String(index)}.safetensors`));
    await Promise.all(shards.map((bytes, index) => writeFile(files[index] ?? '', bytes)));
    const program = `
import json, sys, pathlib
from lamdagent_gpu.weights import parameter_count, weights_sha256
folder = pathlib.Path(sys.argv[1])
print(json.dumps({"weightsSha256": weights_sha256(folder), "parameterCount": parameter_count(folder)}))`;
    assert.deepEqual(await python(program, folder), await weightsFacts(files));
  });

  it('on the ids of stages, numbers and texts of every kind included', async () => {
    const stage: Stage = {
      kind: 'sft',
      recipeVersion: 1,
      inputs: { model: [ID], data: [] },
      parameters: { learningRate: 3e-4, tiny: 1e-7, large: 1e21, whole: 16, half: 0.5, text: 'ä"\u2028😀' },
      seed: '18446744073709551615',
    };
    const program = `
import json, sys
from lamdagent_gpu.contract.messages import Stage
from lamdagent_gpu.stage import stage_id_of
print(json.dumps(stage_id_of(Stage.model_validate_json(sys.argv[1]).model_dump())))`;
    assert.equal(await python(program, JSON.stringify(stage)), stageIdOf(stage));
  });

  it('on what kinds of benchmarks there are', async () => {
    const program =
      'import json; from lamdagent_gpu.evaluate.kinds import KINDS; print(json.dumps([*KINDS]))';
    assert.deepEqual(await python(program), BENCHMARK_KINDS);
  });

  it('on the memory that a training can not do without, in bfloat16', async () => {
    const tensors = {
      ...{ 'model.embed_tokens.weight': [50, 8], 'model.norm.weight': [8], 'lm_head.weight': [50, 8] },
      ...{
        'model.layers.0.mlp.up.weight': [24, 8],
        'model.layers.0.norm.weight': [8],
        'model.layers.1.q.weight': [8, 8],
      },
    };
    const model = join(folder, 'sized');
    await mkdir(model);
    const file = join(model, 'model.safetensors');
    await writeFile(file, safetensors(tensors));
    await writeFile(
      join(model, 'config.json'),
      '{"hidden_size": 8, "num_hidden_layers": 2, "vocab_size": 50}',
    );
    const shape = await modelShape([file], join(model, 'config.json'));
    assert.deepEqual([shape.hidden, shape.layers, shape.vocabulary, shape.context], [8, 2, 50, 0]);
    const program = `
import json, pathlib, sys, torch
from lamdagent_gpu.train.memory import floor_of
from lamdagent_gpu.train.model import FULL_BYTES, MEMORY_SHARE
folder, dtype = pathlib.Path(sys.argv[1]), torch.bfloat16
print(json.dumps({"full": floor_of(folder, dtype=dtype, lora_rank=None).total,
                  "partial": floor_of(folder, dtype=dtype, lora_rank=None, partial=True).total,
                  "lora": floor_of(folder, dtype=dtype, lora_rank=4).total,
                  "qlora": floor_of(folder, dtype=dtype, lora_rank=4, quantized=True).total,
                  "float32": FULL_BYTES * ${String(shape.parameters)} / MEMORY_SHARE}))`;
    const need = (parameters: ParameterValues) => memoryNeed('sft', parameters, [shape]);
    const full = need({ tuning: 'full', maxLength: 0 });
    const ours = {
      full: full.floor,
      partial: need({ tuning: 'full', freeze: 'embeddings' }).floor,
      lora: need({ tuning: 'lora', loraRank: 4 }).floor,
      qlora: need({ tuning: 'qlora', loraRank: 4 }).floor,
      float32: full.about,
    };
    assert.deepEqual(await python(program, model), ours);
  });

  it('on which names classes of workers may have', async () => {
    const names = [
      'large',
      'a100-80',
      '0',
      'any',
      'control',
      'anyhow',
      'Large',
      '-a',
      'a_b',
      'a'.repeat(32),
      'a'.repeat(33),
    ];
    const program = `
import json, sys
from lamdagent_gpu.worker import CLASS_NAME
print(json.dumps([CLASS_NAME.fullmatch(name) is not None for name in json.loads(sys.argv[1])]))`;
    const ours = names.map((name) => WorkersSchema.safeParse({ classes: { [name]: { memory: 1 } } }).success);
    assert.deepEqual(await python(program, JSON.stringify(names)), ours);
  });

  it('on what merge methods there are, what they need, and their parameters', async () => {
    const program = `
import json
from lamdagent_gpu.merge.parameters import Parameter
from lamdagent_gpu.merge.registry import METHODS
def fact(one):
    number = isinstance(one, Parameter)
    layered = {"byLayer": True} if number and one.by_layer else {}
    return {"name": one.name, "default": one.default, "meaning": one.meaning, **layered,
            **({"maximum": one.high} if number else {"choices": list(one.options)})}
print(json.dumps({name: {"needsBase": method.needs_base, "ordered": method.ordered, "mostModels": method.most_models,
                         "parameters": [fact(one) for one in method.parameters]} for name, method in METHODS.items()}))`;
    const ours = Object.entries(MERGE_METHODS).map(([name, facts]) => {
      const parameters = ACTION_TYPES.merge.parameters
        .filter((type) => type.when?.isOneOf.includes(name) === true && type.name !== 'subtracted') // it makes weights
        .map(({ name: key, meaning, maximum, choices, byLayer, default: usual }) => {
          return { name: key, default: usual, meaning, maximum, choices, byLayer };
        });
      return [name, { ...facts, parameters }] as const;
    });
    const asJson: unknown = JSON.parse(JSON.stringify(Object.fromEntries(ours)));
    assert.deepEqual(await python(program), asJson);
  });

  it('on what training methods there are, their models, and their parameters', async () => {
    const program = `
import json
from lamdagent_gpu.train.registry import METHODS
def fact(one):
    return {"name": one.name, "choices": list(one.choices) or None, "unsaid": one.unsaid}
print(json.dumps({kind: {"paper": method.paper, "roles": list(method.roles),
                         "parameters": sorted((fact(one) for one in method.parameters), key=lambda one: one["name"])}
                  for kind, method in METHODS.items()}))`;
    const ours = TRAININGS.map(({ kind, paper, models, parameters }) => {
      const facts = parameters.map(({ name, choices = null, unsaidAtDefault, default: usual }) => {
        return { name, choices, unsaid: unsaidAtDefault === true ? usual : null };
      });
      facts.sort((a, b) => (a.name < b.name ? -1 : 1));
      return [kind, { paper, roles: models.roles ?? ['model'], parameters: facts }] as const;
    });
    assert.deepEqual(await python(program), JSON.parse(JSON.stringify(Object.fromEntries(ours))));
  });

  it('on the store: each reads what the other published', async () => {
    const store = createFolderStore(join(folder, 'store'));
    await store.publish(ID, 'model', [{ path: 'adapter/a.txt', text: 'from here' }], { parameterCount: 1 });
    const other = sha256Hex('another object');
    const program = `
import json, sys, pathlib
from lamdagent_gpu.store import FolderStore
store = FolderStore(pathlib.Path(sys.argv[1]))
text = (store.open(sys.argv[2]) / "adapter" / "a.txt").read_text("utf8")
staged = store.new_folder()
(staged / "sub").mkdir()
(staged / "sub" / "b.txt").write_text("from there", "utf8")
store.publish(sys.argv[3], "sft", staged, {"steps": 3, "loss": None})
print(json.dumps(text))`;
    assert.equal(await python(program, join(folder, 'store'), ID, other), 'from here');
    assert.equal(await readFile(await store.openFile(other, 'sub/b.txt'), 'utf8'), 'from there');
    assert.deepEqual((await store.manifest(other))?.result, { steps: 3, loss: null });
  });

  it('on what a message may be: both take the good one and refuse the bad ones', async () => {
    const good = {
      stageId: ID,
      fence: 1,
      phase: 'training',
      step: 3,
      steps: 60,
      checkpoint: 2,
      loss: 1,
      tokensPerS: 10.5,
      etaS: null,
    };
    const bad = [
      { ...good, extra: 1 },
      { ...good, fence: -1 },
      { ...good, step: 1.5 },
      { ...good, step: '3' },
      { ...good, loss: '1' },
      { ...good, loss: true },
      { ...good, checkpoint: 0.5 },
      { ...good, phase: 'resting' },
      { ...good, stageId: ID.toUpperCase() },
      { ...good, stageId: `${ID}\n` },
      { ...good, etaS: undefined },
    ];
    const program = `
import json, sys
from pydantic import ValidationError
from lamdagent_gpu.contract.messages import JobProgress
def takes(value):
    try:
        return JobProgress.model_validate(value) is not None
    except ValidationError:
        return False
print(json.dumps([takes(value) for value in json.loads(sys.argv[1])]))`;
    const expected = [true, ...bad.map(() => false)];
    assert.deepEqual(
      [good, ...bad].map((one) => CONTRACT.JobProgress.safeParse(one).success),
      expected,
    );
    assert.deepEqual(await python(program, JSON.stringify([good, ...bad])), expected);
  });
});
