import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withGenerated } from '../activities/spec/generatedDocs.js';
import { commandDocs, DOCS_BEGIN, DOCS_END } from './cliDocs.js';
import { createProgram } from './main.js';

// npx tsx cli/writeCliDocs.ts: the commands of docs/cli.md.
const file = join(import.meta.dirname, '../docs/cli.md');
const text = commandDocs(await createProgram(() => undefined));
writeFileSync(file, withGenerated(readFileSync(file, 'utf8'), { begin: DOCS_BEGIN, end: DOCS_END }, text));
