import assert from 'node:assert/strict';
import { goalTable, type Goal } from './goals.js';
import { overview } from './overview.js';
import { withOverview, withSection } from './page.js';

const goal = (value: number): Goal => ({
  ...{
    what: 'cost of a trial',
    value,
    bound: { atMost: 1.2 },
    text: (one) => one.toFixed(1),
    cause: 'Noise.',
  },
});
const section = (id: string, value: number) => ({
  ...{ id, title: `About ${id}`, command: `npm run bench:${id}`, text: goalTable([goal(value)]) },
});
const page = [section('one', 1), section('two', 2)].reduce(
  (text, one) => withSection(text, one, 'Measured today.'),
  '# Benchmarks\n',
);

describe('the overview of the goals', () => {
  it('has every goal of the page with its section, figure and verdict', () => {
    const text = overview(page);
    assert.match(text, /\| About one \| cost of a trial \| 1\.0 \| at most 1\.2 \| holds \|/);
    assert.match(text, /\| About two \| cost of a trial \| 2\.0 \| at most 1\.2 \| \*\*missed\*\* \|/);
    assert.match(text, /1 of 2 hold/);
  });

  it('stands before the sections, once, and follows them', () => {
    const once = withOverview(page);
    assert.equal(withOverview(once), once);
    assert.ok(once.indexOf('## Goals') < once.indexOf('## About one'));
    const mended = withOverview(withSection(once, section('two', 1), 'Measured later.'));
    assert.match(mended, /2 of 2 hold/);
    assert.equal(mended.split('## Goals').length, 2);
    assert.ok(mended.includes('Measured later.') && !mended.includes('**missed**'));
  });
});
