import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import type { Json } from '../../domain/json.js';
import { createFolderStore } from '../store/folder.js';
import { formatFaults } from './faults.js';
import { forecastLines, specForecasts } from './memory.js';
import { createPrepare } from './prepare.js';
import { checkSpec, parseSpec } from './spec.js';
import { safetensors, sampleSpec, writeWorld } from './testSpec.js';

const workers = (changes: object = {}): Record<string, unknown> => ({
  workers: {
    classes: { large: { memory: '80GB', pricePerHour: 2.5 }, small: { memory: '24GB' } },
    ...changes,
  },
});
function faultsOf(changes: Readonly<Record<string, unknown>>): string {
  const parsed = parseSpec(sampleSpec(changes));
  return parsed.ok ? '' : formatFaults(parsed.faults);
}

describe('classes of workers in a spec', () => {
  it('are sizes with prices, and the kinds of stages that begin on one of them', () => {
    assert.equal(faultsOf(workers({ actions: { merge: 'small', evaluate: 'small', sft: 'large' } })), '');
    assert.equal(faultsOf(workers({ classes: { one: { memory: 1e9 }, two: { memory: '1.5 GiB' } } })), '');
  });

  it('are refused with what is wrong and what was meant', () => {
    assert.match(
      faultsOf(workers({ actions: { sft: 'larg' } })),
      /^workers\.actions\.sft: expected the name of a class, got "larg"\. Did you mean large\?$/,
    );
    assert.match(faultsOf(workers({ actions: { train: 'large' } })), /workers\.actions/);
    assert.match(faultsOf(workers({ classes: {} })), /workers\.classes: expected at least one class/);
    for (const name of ['any', 'control', 'Big'])
      assert.match(faultsOf(workers({ classes: { [name]: { memory: 1 } } })), /other than control, any/);
    for (const memory of ['lots', '-1GB', true])
      assert.match(
        faultsOf(workers({ classes: { one: { memory } } })),
        /^workers\.classes\.one\.memory: expected bytes, or a size.*$/,
      );
  });

  describe('with a model', () => {
    let root: string;
    let storeFolder: string;
    beforeEach(async () => {
      root = await writeWorld();
      storeFolder = await mkdtemp(join(tmpdir(), 'lamdagent-workers-'));
      // 1,500 parameters of which 1,000 are a layer's: full fine-tuning takes 12 kB at the least, LoRA of rank 1 4.1 kB
      const tensors = { 'model.layers.0.up.weight': [50, 20], 'model.embed_tokens.weight': [25, 20] };
      await writeFile(join(root, 'model/model.safetensors'), safetensors(tensors));
      const config = { model_type: 'llama', hidden_size: 20, num_hidden_layers: 1, vocab_size: 25 };
      await writeFile(join(root, 'model/config.json'), JSON.stringify(config));
    });
    afterEach(() =>
      Promise.all([root, storeFolder].map((folder) => rm(folder, { recursive: true, force: true }))),
    );
    const tuned = (changes: object, memory: Readonly<Record<string, string>>): Record<string, unknown> => {
      const parameters = { tuning: ['full', 'lora'], loraRank: 1, steps: 10, maxLength: 8, ...changes };
      const classes = Object.fromEntries(
        Object.entries(memory).map(([name, size]) => [name, { memory: size }]),
      );
      return sampleSpec({ actions: { sft: { parameters }, merge: {} }, workers: { classes } });
    };

    it('forecast what each action type takes, and where it would go', async () => {
      const checked = await checkSpec(tuned({}, { small: '9kB', large: '1MB' }), root);
      assert.ok(checked.ok);
      assert.deepEqual(forecastLines(specForecasts(checked.spec, checked.files)), [
        'memory: sft full on base: about 33.1 KB, at least 12.0 KB; large',
        'memory: sft lora on base: about 13.2 KB, at least 4.1 KB; large',
        'memory: evaluate on base: about 3.6 KB, at least 3.0 KB; small, then large',
      ]);
    });

    it('refuse an action type of which no setting fits, and a model that cannot be scored', async () => {
      const full = await checkSpec(tuned({ tuning: 'full' }, { small: '5kB' }), root);
      assert.ok(!full.ok);
      assert.equal(
        formatFaults(full.faults),
        'actions.sft: expected something that fits the 5.0 KB of small, the largest class, got at least 12.0 KB. ' +
          'Use tuning: lora or qlora, a smaller model, or a larger class.',
      );
      const tiny = await checkSpec(tuned({}, { small: '1kB' }), root);
      assert.ok(!tiny.ok);
      assert.deepEqual(
        tiny.faults.map(({ path }) => path),
        ['actions.sft', 'models.base'],
      );
      assert.ok((await checkSpec(tuned({}, { small: '5kB' }), root)).ok, 'LoRA fits');
    });

    it('are in the plan with the shape of its model, without what never fits, and say so', async () => {
      const prepare = createPrepare({ store: createFolderStore(storeFolder), root });
      const input = { workflowId: 'explore/sample', firstRunId: '1a2b3c4d-0000-4000-8000-000000000000' };
      const spec = tuned({}, { small: '5kB' }) as Json;
      const { plan } = await prepare({ spec, ...input });
      assert.deepEqual(plan.workers, {
        classes: [{ name: 'small', memoryBytes: 5000, pricePerHour: null }],
        actions: {},
      });
      const shape = {
        parameters: 1500,
        linearParameters: 1000,
        linearWidths: 70,
        hidden: 20,
        layers: 1,
        vocabulary: 25,
        context: 0,
      };
      assert.deepEqual(plan.models[0]?.shape, shape);
      assert.deepEqual(plan.actions[0]?.parameters['tuning'], { kind: 'choices', values: ['lora'] });
      assert.ok(plan.notes.some((note) => note.startsWith('actions.sft.parameters.tuning: full left out')));
      const refused = prepare({
        spec: tuned({ tuning: 'full' }, { small: '5kB' }) as Json,
        ...input,
        firstRunId: 'x',
      });
      await assert.rejects(
        refused,
        (error) => error instanceof ApplicationFailure && error.type === 'InvalidSpec',
      );
    });
  });
});
