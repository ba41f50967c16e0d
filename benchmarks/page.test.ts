import assert from 'node:assert/strict';
import { withSection } from './page.js';

describe('the page of benchmarks', () => {
  const first = { id: 'one', title: 'One', command: 'npm run one', text: 'figures of one' };
  const second = { id: 'two', title: 'Two', command: 'npm run two', text: 'figures of two' };

  it('takes a new section at its end', () => {
    const page = withSection(withSection('# Page\n', first, 'then'), second, 'then');
    assert.ok(page.startsWith('# Page\n'));
    assert.ok(page.indexOf('## One') < page.indexOf('## Two'));
  });

  it('takes a section again in its own place, and leaves the others as they are', () => {
    const page = withSection(withSection('# Page\n', first, 'then'), second, 'then');
    const again = withSection(page, { ...first, text: 'newer figures' }, 'now');
    assert.ok(!again.includes('figures of one'));
    assert.equal(again.replace('newer figures', 'figures of one').replace('now', 'then'), page);
  });
});
