import assert from 'node:assert/strict';
import { filesOfSplit } from './splitFiles.js';

const files = (...paths: readonly string[]) =>
  paths.map((path) => ({ path, bytes: 1, oid: '', sha256: null }));
const chosen = (paths: readonly string[], wanted = {}): readonly string[] =>
  filesOfSplit(files(...paths), wanted).map(({ path }) => path);

describe('the files of a split', () => {
  const parts = [
    'data/train-00001-of-00002.parquet',
    'data/test-00000-of-00001.parquet',
    'data/train-00000-of-00002.parquet',
  ];

  it('are known by their names, in order; train when none is named', () => {
    assert.deepEqual(chosen(parts), [
      'data/train-00000-of-00002.parquet',
      'data/train-00001-of-00002.parquet',
    ]);
    assert.deepEqual(chosen(parts, { split: 'test' }), ['data/test-00000-of-00001.parquet']);
    assert.deepEqual(chosen(['README.md', 'train.jsonl', 'train.txt']), ['train.jsonl']);
    assert.deepEqual(chosen(['train/0000.parquet', 'test/0000.parquet']), ['train/0000.parquet']);
    assert.deepEqual(chosen(['data/train_sft-00000-of-00001.parquet'], { split: 'train_sft' }), [
      'data/train_sft-00000-of-00001.parquet',
    ]);
  });

  it('are not those of a split whose name begins alike', () => {
    assert.deepEqual(chosen(['training.jsonl', 'train.jsonl', 'train_sft.jsonl']), ['train.jsonl']);
  });

  it('are of one configuration and one format, else the choice is the user’s', () => {
    const several = ['main/train-0.parquet', 'socratic/train-0.parquet'];
    assert.throws(
      () => chosen(several),
      /files of the split train in one folder and format, got main\/train-0\.parquet, socratic\/train-0\.parquet\. Name config/,
    );
    assert.deepEqual(chosen(several, { config: 'main' }), ['main/train-0.parquet']);
    assert.throws(() => chosen(['train.csv', 'train.jsonl']), /one folder and format/);
  });

  it('may not be none', () => {
    assert.throws(
      () => chosen(parts, { split: 'dev' }),
      /expected files of the split dev, got data\/train-00001.*Name another split/,
    );
    assert.throws(() => chosen(['README.md']), /got none/);
  });
});
