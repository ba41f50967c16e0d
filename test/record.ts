/**
 * Records histories for test/histories: `npx tsx test/record.ts VERSION [SHAPE …]` (all shapes by default). A file
 * that is there is never touched: explorations of that age may still run.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { SEARCH_ATTRIBUTES } from '../workflows/contract.js';
import { startServer } from './harness.js';
import { runShape, SHAPES, type Recorded } from './shapes.js';

const TYPE_NAMES = { KEYWORD: 'Keyword', DOUBLE: 'Double', INT: 'Int' } as const;
const ATTRIBUTES = Object.entries(SEARCH_ATTRIBUTES).flatMap(([name, type]) => [
  '--search-attribute',
  `${name}=${TYPE_NAMES[type]}`,
]);
const EAGER = ['--dynamic-config-value', 'limit.historyCount.suggestContinueAsNew=60'];

/** Without the names of the machine, its processes and its folders. */
function anonymous(json: string): string {
  return json
    .replaceAll(hostname(), 'recorder')
    .replace(/("(?:identity|workerInstanceKey)": )"[^"]*"/g, '$1"recorder"')
    .replace(/("stackTrace": )"(?:[^"\\]|\\.)*"/g, '$1""');
}

async function keep(server: TestWorkflowEnvironment, { name, workflowId, runId }: Recorded): Promise<void> {
  const file = join(import.meta.dirname, 'histories', `${name}-${version}.json`);
  if (existsSync(file)) {
    console.error(`${file}: kept as it is`);
    return;
  }
  const recorded = await server.client.workflow.getHandle(workflowId, runId).fetchHistory();
  writeFileSync(file, `${anonymous(historyToJSON(recorded))}\n`);
  console.error(`${file}: ${String(recorded.events?.length)} events`);
}

const [version = 'next', ...wanted] = process.argv.slice(2);
for (const [name, shape] of Object.entries(SHAPES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const extraArgs = [...(shape.indexed === true ? ATTRIBUTES : []), ...(shape.eager === true ? EAGER : [])];
  const server = await startServer(extraArgs);
  for (const recorded of await runShape(server, name, shape)) await keep(server, recorded);
  await server.teardown();
}
