import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withGenerated } from './generatedDocs.js';
import { DOCS_BEGIN, DOCS_END, operationTables } from './operationDocs.js';

// npx tsx activities/spec/writeOperationDocs.ts: the tables of docs/data.md; then `npm run format`.
const file = join(import.meta.dirname, '../../docs/data.md');
const page = readFileSync(file, 'utf8');
writeFileSync(file, withGenerated(page, { begin: DOCS_BEGIN, end: DOCS_END }, operationTables()));
