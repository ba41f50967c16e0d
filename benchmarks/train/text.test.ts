import assert from 'node:assert/strict';
import { textOf, type Told } from './text.js';

const run = (name: string, by: 'ours' | 'trl', round: number, processorSeconds: readonly number[]): Told => ({
  ...{ case: name, model: 'tiny', by, round, processorSeconds },
  seconds: processorSeconds.map((one) => 3 * one),
});

describe('the section of bench:train', () => {
  const told = [
    ...[run('sft', 'ours', 0, [0.01, 0.0102, 0.2]), run('sft', 'trl', 0, [0.01, 0.01, 0.01])],
    ...[run('sft', 'trl', 1, [0.01]), run('sft', 'ours', 1, [0.0106])],
    ...[run('kto', 'ours', 0, [0.02]), run('kto', 'trl', 0, [0.01])],
    ...[run("dpo, TRL's default", 'ours', 0, [0.01]), run("dpo, TRL's default", 'trl', 0, [0.014])],
    { case: 'grpo', model: 'tiny', round: 0, error: 'ValueError: no' },
  ];
  const text = textOf(told, { rounds: '2', steps: '3', device: 'cpu' });

  it('has the ratio of medians, round by round, and its spread', () => {
    assert.match(text, /\| sft \| SFTTrainer \| tiny \| 10\.4 \| 10\.0 \| 1\.04 \(1\.02, 1\.06\) \|/);
  });
  it('names what missed a goal, and what failed', () => {
    assert.match(text, /kto, step to TRL’s, tiny \| 2\.00 \| at most 1\.05 \| \*\*missed\*\*/);
    assert.match(text, /speed to TRL’s default, tiny \| 1\.40 \| at least 1\.30 \| holds/);
    assert.match(text, /Failed: grpo on tiny: ValueError: no/);
  });
  it('takes the wall clock on a GPU', () => {
    assert.match(textOf(told, { rounds: '2', steps: '3', device: 'cuda' }), /\| 31\.2 \| 30\.0 \|/);
  });
});
