import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DOCS_BEGIN, DOCS_END, operationTables } from './operationDocs.js';

// npx tsx activities/spec/writeOperationDocs.ts: the tables of docs/data.md; then `npm run format`.
const file = join(import.meta.dirname, '../../docs/data.md');
const text = readFileSync(file, 'utf8');
const [before = '', rest = ''] = text.split(DOCS_BEGIN);
const [, after = ''] = rest.split(DOCS_END);
writeFileSync(file, `${before}${DOCS_BEGIN}\n\n${operationTables()}\n\n${DOCS_END}${after}`);
