import assert from 'node:assert/strict';
import { OPERATION_NAMES } from '../../domain/data/operations.js';
import { formatFaults } from './faults.js';
import { parseSpec } from './spec.js';
import { sampleSpec } from './testSpec.js';

const alpha = { path: 'alpha.jsonl' };
function faultsOf(datasets: object): readonly string[] {
  const actions = { sft: {}, dpo: {} };
  const parsed = parseSpec(sampleSpec({ datasets: { alpha, ...datasets }, actions }));
  return parsed.ok ? [] : formatFaults(parsed.faults).split('\n');
}
const ORIGINS = `path, hub, ${OPERATION_NAMES.join(', ')}`;

describe('the datasets of a spec', () => {
  it('are files or made from others, in the simplest words', () => {
    const made = {
      raw: { path: 'raw.csv', shape: 'columns' },
      qa: { template: { from: 'raw', prompt: '{q}', completion: '{a}' } },
      mix: { mixture: { from: { alpha: 2, qa: 1 } } },
      part: { subset: { from: 'mix', share: 0.5 } },
      good: { filter: { from: 'part', answerLacks: 'http' } },
      once: { dedupe: { from: 'good' } },
      rich: { replay: { from: 'once', of: 'alpha' } },
      course: { curriculum: { from: 'rich' } },
    };
    assert.deepEqual(faultsOf(made), []);
    const parsed = parseSpec(sampleSpec({ datasets: { alpha, ...made } }));
    assert.ok(parsed.ok);
    assert.deepEqual(parsed.spec.datasets['good']?.filter, { from: 'part', answerLacks: ['http'] });
    assert.deepEqual(parsed.spec.datasets['once']?.dedupe, { from: 'good', match: 'exact', by: 'row' });
    assert.deepEqual(parseSpec(JSON.parse(JSON.stringify(parsed.spec))), parsed);
  });

  const cases: readonly (readonly [string, object, string])[] = [
    ['nothing', { x: {} }, `datasets.x: expected one of ${ORIGINS}, got {}.`],
    [
      'two origins',
      { x: { path: 'x.jsonl', subset: { from: 'alpha', rows: 1 } } },
      `datasets.x: expected one of ${ORIGINS}, got {"path":"x.jsonl","subset":{"from":"alpha","rows":1}}.`,
    ],
    [
      'half a repository',
      { x: { path: 'x.jsonl', revision: 'v1' } },
      'datasets.x: expected revision, file, split, config only with hub, got {"path":"x.jsonl","revision":"v1"}.',
    ],
    [
      'two ways to name rows of a repository',
      { x: { hub: 'a/b', file: 'x.csv', split: 'train' } },
      'datasets.x: expected either file, or split and config, got {"hub":"a/b","file":"x.csv","split":"train"}.',
    ],
    [
      'a repository that could be a path',
      { x: { hub: '../b' } },
      'datasets.x.hub: expected owner/name of a repository of the hub, got "../b".',
    ],
    [
      'a shape beside an operation',
      { x: { shape: 'sft', subset: { from: 'alpha', rows: 1 } } },
      'datasets.x.shape: expected no shape beside an operation: it follows from what the dataset is made from, got "sft".',
    ],
    [
      'a name that leads nowhere',
      { x: { subset: { from: 'alpa', rows: 1 } } },
      'datasets.x.subset.from: expected the name of a dataset, got "alpa". Did you mean alpha?',
    ],
    [
      'a name of a mixture that leads nowhere',
      { x: { mixture: { from: { alpha: 1, alpa: 1 } } } },
      'datasets.x.mixture.from: expected the name of a dataset, got "alpa". Did you mean alpha?',
    ],
    [
      'a name of what is replayed that leads nowhere',
      { x: { replay: { from: 'alpha', of: 'alpa' } } },
      'datasets.x.replay.of: expected the name of a dataset, got "alpa". Did you mean alpha?',
    ],
    [
      'a way round',
      { x: { subset: { from: 'y', rows: 1 } }, y: { mixture: { from: { alpha: 1, x: 1 } } } },
      'datasets.x.subset: expected a dataset that is not made from itself, got x → y → x.',
    ],
    [
      'itself',
      { x: { dedupe: { from: 'x' } } },
      'datasets.x.dedupe: expected a dataset that is not made from itself, got x → x.',
    ],
    [
      'a misspelled operation',
      { x: { path: 'x.jsonl', dedup: { from: 'alpha' } } },
      'datasets.x.dedup: expected a known key, got "dedup". Did you mean dedupe?',
    ],
    [
      'a misspelled parameter',
      { x: { subset: { from: 'alpha', row: 1, share: 0.5 } } },
      'datasets.x.subset.row: expected a known key, got "row". Did you mean rows?',
    ],
    [
      'two sizes',
      { x: { subset: { from: 'alpha', rows: 1, share: 0.5 } } },
      'datasets.x.subset: expected either rows, or share, got {"from":"alpha","rows":1,"share":0.5}.',
    ],
    [
      'half a form',
      { x: { template: { from: 'alpha', prompt: 'a' } } },
      'datasets.x.template: expected either text, or prompt and completion, or messages, or prompt and chosen and rejected, got {"from":"alpha","prompt":"a"}.',
    ],
    [
      'a condition that is none',
      { x: { filter: { from: 'alpha', answerWords: {} } } },
      'datasets.x.filter.answerWords: expected atLeast, atMost, or both, got {}.',
    ],
    [
      'bounds upside down',
      { x: { filter: { from: 'alpha', answerWords: { atLeast: 5, atMost: 3 } } } },
      'datasets.x.filter.answerWords: expected atLeast up to atMost, got {"atLeast":5,"atMost":3}.',
    ],
    [
      'a broken expression',
      { x: { filter: { from: 'alpha', answerLacks: ['ok', '(a'] } } },
      'datasets.x.filter.answerLacks.1: expected a regular expression (RE2): missing closing ): `(a`, got "(a".',
    ],
    [
      'an expression that only backtracking finds',
      { x: { filter: { from: 'alpha', answerLacks: '(a)\\1' } } },
      'datasets.x.filter.answerLacks: expected a regular expression (RE2): invalid escape sequence: `\\1`, got "(a)\\\\1".',
    ],
    [
      'a setting without effect',
      { x: { dedupe: { from: 'alpha', threshold: 0.9 } } },
      'datasets.x.dedupe: expected threshold only with match: near, got {"from":"alpha","threshold":0.9}.',
    ],
    [
      'a weight of 0',
      { x: { mixture: { from: { alpha: 0 } } } },
      'datasets.x.mixture.from.alpha: expected a weight above 0, by the name of a dataset, got 0.',
    ],
    [
      'a share above 1',
      { x: { subset: { from: 'alpha', share: 2 } } },
      'datasets.x.subset.share: expected a number from 0.000001 to 1, got 2.',
    ],
    [
      'braces that name nothing',
      { x: { template: { from: 'alpha', text: 'a {' } } },
      'datasets.x.template.text: expected a text whose braces name a column, such as "Question: {question}" ({{ and }} are braces), got "a {".',
    ],
    [
      'a role that is none',
      { x: { template: { from: 'alpha', messages: [{ role: 'bot', content: 'a' }] } } },
      'datasets.x.template.messages.0.role: expected one of system, user, assistant, tool, got "bot". Use one of: system, user, assistant, tool.',
    ],
  ];
  for (const [what, datasets, message] of cases)
    it(`are refused for ${what}`, () => {
      assert.deepEqual(faultsOf(datasets), [message]);
    });

  it('are refused for a filter without a condition', () => {
    const [line = ''] = faultsOf({ x: { filter: { from: 'alpha' } } });
    assert.match(
      line,
      /^datasets\.x\.filter: expected at least one of promptCharacters, .*, repeated10grams, got \{"from":"alpha"\}\.$/,
    );
  });
});
