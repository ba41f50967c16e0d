import type { Command } from 'commander';
import { loadExploration } from '../../activities/ledger/read.js';
import { CollectorFault, sendSpans } from '../../activities/trace/otlp.js';
import { spansOf, traceId } from '../../activities/trace/spans.js';
import { EXIT, UserFault } from '../../workers/fault.js';
import { requireKnown, type Context, type Run } from '../context.js';
import { example } from '../example.js';

/** Reads the store alone, beside whatever runs. */
export function addTrace(program: Command, run: Run): void {
  program
    .command('trace')
    .description(
      'send trials, stages and attempts that have ended to an OpenTelemetry collector, as one trace',
    )
    .argument('<name>')
    .argument('[address]', 'of the collector, OTLP over HTTP (default: OTEL_EXPORTER_OTLP_ENDPOINT)')
    .option('--json', 'data as JSON on stdout')
    .addHelpText('after', example('trace my-search http://127.0.0.1:4318'))
    .action((name: string, address: string | undefined, { json }: { json?: boolean }) =>
      run((context) => trace(context, { name, address, json: json === true })),
    );
}

async function trace(
  context: Context,
  {
    name,
    address,
    json,
  }: { readonly name: string; readonly address: string | undefined; readonly json: boolean },
): Promise<number> {
  const where = address ?? context.env.otlp?.url ?? '';
  if (!URL.canParse(where) || !/^https?:$/.test(new URL(where).protocol))
    throw new UserFault(
      `trace: expected the http address of a collector, such as http://127.0.0.1:4318, got ${where === '' ? 'none' : where}.`,
      EXIT.usage,
    );
  await requireKnown(context, name);
  const found = await loadExploration(context.store, name);
  if (found === null) return EXIT.failed;
  const [id, spans] = [traceId(found.plan.explorationId), spansOf(found)];
  await sendSpans(where, id, spans).catch((error: unknown) => {
    throw error instanceof CollectorFault ? new UserFault(error.message) : error;
  });
  const told = { schemaVersion: 1, name, traceId: id, spans: spans.length };
  context.terminal.print(json ? JSON.stringify(told) : `${String(spans.length)} spans, trace ${id}`);
  return EXIT.ok;
}
