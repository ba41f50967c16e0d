import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createPrepare } from '../activities/spec/prepare.js';
import { createFolderStore } from '../activities/store/folder.js';
import { evaluationsOf } from '../domain/evaluation.js';
import type { BuildOutcome, EvaluateOutcome } from '../domain/outcome.js';
import type { Plan } from '../domain/plan.js';
import { identify } from '../domain/stage.js';
import { stageOfAction } from '../domain/stageOfAction.js';
import type { Action } from '../domain/trial.js';
import { startDirect, type Direct } from '../workers/direct.js';

const root = join(import.meta.dirname, '..');
const JOB = {
  schemaVersion: 1,
  options: { checkpointSeconds: 60, maxStalledAttempts: 3 },
  requester: 'foreign/t0001',
};
const WORDS = [
  ['cat', 'cats'],
  ['box', 'boxes'],
  ['city', 'cities'],
  ['leaf', 'leaves'],
] as const;

/** What a user has: a model folder and two files; and what they write. */
async function writeUserFiles(folder: string, kind: string): Promise<void> {
  const script = join(root, 'python-gpu', 'tests', 'foreign_model.py');
  await promisify(execFile)(join(root, '.venv/bin/python'), [script, kind, join(folder, 'model')]);
  const lines = (rows: readonly unknown[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  const question = (word: string) => [{ role: 'user', content: `plural of ${word}` }];
  const answer = (content: string) => [{ role: 'assistant', content }];
  const sft = WORDS.map(([one, many]) => ({ messages: [...question(one), ...answer(many)] }));
  const pairs = WORDS.map(([one, many]) => ({
    ...{ prompt: question(one), chosen: answer(many.toUpperCase()), rejected: answer(one) },
  }));
  await writeFile(join(folder, 'plurals.jsonl'), lines(sft));
  await writeFile(join(folder, 'capitals.jsonl'), lines(pairs));
  await mkdir(join(folder, 'benchmark'));
  for (const [at, split] of ['search', 'confirm', 'test'].entries()) {
    const items = ['dog', 'fox', 'wolf'].map((word) => ({
      ...{ id: `${split}-${word}`, messages: question(`${word}${String(at)}`), answers: [`${word}s`] },
    }));
    await writeFile(join(folder, 'benchmark', `${split}.jsonl`), lines(items));
  }
}

const SPEC = {
  name: 'foreign',
  models: { base: { path: 'model' } },
  datasets: { plurals: { path: 'plurals.jsonl' }, capitals: { path: 'capitals.jsonl' } },
  actions: {
    sft: { parameters: { steps: 3, batchSize: 4, maxLength: 64, learningRate: 1e-3 } },
    dpo: { parameters: { steps: 2, batchSize: 4, maxLength: 64, learningRate: 1e-3 } },
    merge: { parameters: { method: 'ties' } },
  },
  benchmarks: { plurals: { path: 'benchmark', maxNewTokens: 6 } },
  policy: 'random',
};

/** Names, shapes and dtypes of all tensors of a model folder. */
async function tensorsOf(folder: string): Promise<Readonly<Record<string, unknown>>> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.safetensors'));
  const headers = await Promise.all(
    names.map(async (name) => {
      const bytes = await readFile(join(folder, name));
      const end = 8 + Number(bytes.readBigUInt64LE());
      return JSON.parse(bytes.subarray(8, end).toString()) as Record<
        string,
        { dtype: string; shape: number[] }
      >;
    }),
  );
  const entries = headers.flatMap((header) => Object.entries(header));
  return Object.fromEntries(
    entries
      .filter(([name]) => name !== '__metadata__')
      .map(([name, { dtype, shape }]) => [name, `${dtype} ${shape.join('x')}`])
      .sort(),
  );
}

describe('a model that somebody else made', () => {
  for (const kind of ['llama', 'qwen2']) {
    describe(`of the kind ${kind}, with its own tokenizer and chat template`, () => {
      let folder: string;
      let direct: Direct;
      let plan: Plan;

      before(async () => {
        folder = await mkdtemp(join(tmpdir(), `lamdagent-${kind}-`));
        await writeUserFiles(folder, kind);
        const store = createFolderStore(join(folder, 'store'));
        const prepare = createPrepare({ store, root: folder });
        ({ plan } = await prepare({ spec: SPEC, workflowId: 'explore/foreign', firstRunId: kind }));
        direct = startDirect({ store: store.location });
      });
      after(async () => {
        await direct.stop();
        await rm(folder, { recursive: true, force: true });
      });

      const build = async (action: Omit<Action, 'parameters'>): Promise<BuildOutcome> => {
        const space = plan.actions.find((one) => one.kind === action.kind)?.parameters ?? {};
        const chosen = Object.entries(space).map(([name, one]) => [
          name,
          one.kind === 'choices' ? one.values[0] : one.low,
        ]);
        const parameters = Object.fromEntries(chosen) as Action['parameters'];
        const stage = identify(stageOfAction(plan, { ...action, parameters }));
        return direct.call<BuildOutcome>('build', { ...JOB, ...stage, label: action.kind });
      };

      it('goes through SFT, DPO, TIES and evaluation, and stays what it was', async () => {
        const base = plan.models[0]?.stageId ?? '';
        const tuned = await build({ kind: 'sft', models: [base], datasets: ['plurals'] });
        const preferred = await build({ kind: 'dpo', models: [tuned.stageId], datasets: ['capitals'] });
        const merged = await build({
          kind: 'merge',
          models: [tuned.stageId, preferred.stageId],
          datasets: [],
        });
        const built = [tuned, preferred, merged];
        assert.deepEqual(
          built.map(({ status }) => status),
          ['completed', 'completed', 'completed'],
        );
        const weights = built.map((one) => (one.status === 'completed' ? one.weightsSha256 : null));
        assert.equal(
          new Set([plan.models[0]?.weightsSha256, ...weights]).size,
          4,
          'each step changes the weights',
        );
        const folderOf = (stageId: string): string => join(folder, 'store', 'objects', stageId);
        const before = await tensorsOf(join(folder, 'model'));
        for (const { stageId } of built) {
          assert.deepEqual(await tensorsOf(folderOf(stageId)), before);
          assert.equal(
            await readFile(join(folderOf(stageId), 'chat_template.jinja'), 'utf8'),
            await readFile(join(folder, 'model', 'chat_template.jinja'), 'utf8'),
          );
        }
        const stages = Object.values(evaluationsOf(plan, 'search', merged.stageId));
        const scored = await direct.call<EvaluateOutcome>('evaluate', {
          ...{ ...JOB, modelStageId: merged.stageId, stages, label: 'search' },
        });
        assert.equal(scored.status, 'completed');
        assert.deepEqual(
          scored.scores.map(({ items, score }) => [items, score >= 0 && score <= 1]),
          [[3, true]],
        );
      });
    });
  }
});
