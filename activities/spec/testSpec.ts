import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SPLITS } from '../../domain/plan.js';

/** A small valid spec for tests; its files are those of `writeWorld`. */
export function sampleSpec(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    name: 'sample',
    models: { base: { path: 'model' } },
    datasets: {
      alpha: { path: 'alpha.jsonl' },
      beta: { path: 'beta.jsonl' },
      terse: { path: 'terse.jsonl' },
    },
    actions: {
      sft: { parameters: { learningRate: [1e-4, 3e-4, 1e-3], steps: 10 } },
      dpo: {},
      merge: { parameters: { method: ['linear', 'ties'], lambda: { low: 0.2, high: 1 } } },
    },
    benchmarks: { skill: { path: 'skill', maxNewTokens: 8 }, guard: { path: 'guard', weight: 0 } },
    objective: { constraints: [{ benchmark: 'guard', atLeast: 'base - 0.02' }] },
    ...changes,
  };
}

/** A folder with every file of the sample spec. */
export async function writeWorld(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'lamdagent-spec-'));
  await mkdir(join(root, 'model'));
  await writeFile(join(root, 'model/config.json'), '{"model_type":"llama"}');
  await writeFile(join(root, 'model/tokenizer.json'), '{}');
  await writeFile(join(root, 'model/training_args.bin'), 'a pickle');
  await writeFile(join(root, 'model/model.safetensors'), safetensors({ b: [2, 2], a: [3] }));
  for (const name of ['alpha', 'beta']) {
    const rows = [1, 2].map((n) => ({ messages: chat(`${name} ${String(n)}`, 'yes') }));
    await writeFile(join(root, `${name}.jsonl`), jsonLines(rows));
  }
  await writeFile(
    join(root, 'terse.jsonl'),
    jsonLines([{ prompt: 'q', chosen: 'yes', rejected: 'It is yes.' }]),
  );
  for (const name of ['skill', 'guard']) {
    await mkdir(join(root, name));
    for (const split of SPLITS)
      await writeFile(
        join(root, name, `${split}.jsonl`),
        jsonLines([item(`${name} ${split} 1`), item(`${name} ${split} 2`)]),
      );
  }
  return root;
}

export function item(question: string, changes: object = {}): object {
  return { id: question, messages: [{ role: 'user', content: question }], answers: ['yes'], ...changes };
}

export function chat(question: string, answer: string): readonly object[] {
  return [
    { role: 'user', content: question },
    { role: 'assistant', content: answer },
  ];
}

export function jsonLines(rows: readonly object[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}

/** A safetensors file of float32 tensors filled with 0, 1, 2, …; the names in the given order. */
export function safetensors(shapes: Readonly<Record<string, readonly number[]>>): Buffer {
  let at = 0;
  const entries = Object.entries(shapes).map(([name, shape]) => {
    const begin = at;
    at += 4 * shape.reduce((product, size) => product * size, 1);
    return [name, { dtype: 'F32', shape, data_offsets: [begin, at] }] as const;
  });
  const header = Buffer.from(
    JSON.stringify({ __metadata__: { format: 'pt' }, ...Object.fromEntries(entries) }),
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const numbers = Float32Array.from({ length: at / 4 }, (_, index) => index);
  return Buffer.concat([length, header, Buffer.from(numbers.buffer)]);
}
