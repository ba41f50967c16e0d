import assert from 'node:assert/strict';
import { vectorUnits, withSection } from './page.js';

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

  it('says which vector units a processor has, the widest', () => {
    const flags = (...names: string[]) =>
      `processor : 0\nflags\t\t: fpu ${names.join(' ')} sse2\nbugs\t\t: avx512f\n`;
    assert.equal(vectorUnits(flags('avx', 'avx2', 'avx512f', 'avx512bw')), 'AVX-512');
    assert.equal(vectorUnits(flags('avx', 'avx2')), 'AVX2');
    assert.equal(vectorUnits('processor : 0\nFeatures\t: fp asimd crc32\n'), 'NEON');
    assert.equal(vectorUnits(flags('avx')), null);
  });
});
