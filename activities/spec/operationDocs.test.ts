import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DOCS_BEGIN, DOCS_END, operationTables } from './operationDocs.js';

/** Without the spaces and dashes that make columns straight. */
const plain = (text: string): string =>
  text
    .replace(/-{3,}/g, '---')
    .replace(/[ \t]+/g, ' ')
    .trim();

describe('docs/data.md', () => {
  it('has the operations as their table has them (`npx tsx activities/spec/writeOperationDocs.ts`)', () => {
    const text = readFileSync(join(import.meta.dirname, '../../docs/data.md'), 'utf8');
    const written = text.slice(text.indexOf(DOCS_BEGIN) + DOCS_BEGIN.length, text.indexOf(DOCS_END));
    assert.equal(plain(written), plain(operationTables()));
  });
});
