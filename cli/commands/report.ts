import { resolve } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { serveReport, type ReportServer } from '../../activities/report/serve.js';
import { writeReport } from '../../activities/report/write.js';
import { EXIT, messageOf, UserFault } from '../../workers/fault.js';
import { reportFile } from '../../workers/home.js';
import { requireKnown, type Context, type Run } from '../context.js';
import { example } from '../example.js';
import { listenForInterrupt } from '../interrupt.js';
import { sayNext } from '../next.js';

interface Options {
  readonly json?: boolean;
  readonly output?: string;
  readonly serve?: boolean;
  readonly port: number;
}

/** Reads the store alone: no Temporal service is needed, and a running exploration is not disturbed. */
export function addReport(program: Command, run: Run): void {
  program
    .command('report')
    .description('write the report of an exploration, one HTML file')
    .argument('<name>')
    .option('--json', 'data as JSON on stdout')
    .option('--output <file>', 'where to (default: reports/<name>.html in LAMDAGENT_HOME)')
    .option('--serve', 'show it on this machine instead, live while the exploration runs, until Ctrl-C')
    .option('--port <n>', 'with --serve: the port on 127.0.0.1 (default: any that is free)', portNumber, 0)
    .addHelpText('after', example('report my-search --serve'))
    .action((name: string, options: Options) =>
      run((context) =>
        options.serve === true ? serve(context, name, options) : write(context, name, options),
      ),
    );
}

async function write(context: Context, name: string, { json, output }: Options): Promise<number> {
  await requireKnown(context, name);
  const file = output === undefined ? reportFile(context.home, name) : resolve(output);
  await writeReport(context.store, name, file);
  context.terminal.print(json === true ? JSON.stringify({ schemaVersion: 1, name, report: file }) : file);
  if (json !== true)
    sayNext(context.terminal, [[`export ${name} ./${name}-model`, 'the model, once there is a champion']]);
  return EXIT.ok;
}

async function serve(context: Context, name: string, { json, output, port }: Options): Promise<number> {
  if (output !== undefined)
    throw new UserFault('report: expected --output or --serve, got both. Leave one out.', EXIT.usage);
  await requireKnown(context, name);
  const { pressed } = listenForInterrupt();
  const server = await served(context, name, port);
  context.terminal.print(
    json === true ? JSON.stringify({ schemaVersion: 1, name, url: server.url }) : server.url,
  );
  context.terminal.say('Follows the exploration; Ctrl-C ends it.');
  await pressed;
  await server.close();
  return EXIT.ok;
}

async function served({ store }: Context, name: string, port: number): Promise<ReportServer> {
  try {
    return await serveReport(store, name, { port });
  } catch (error) {
    throw new UserFault(
      `port: expected one that is free on 127.0.0.1, got ${String(port)} (${messageOf(error)}). Leave --port out to take any.`,
      EXIT.failed,
    );
  }
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new InvalidArgumentError(`expected a port from 0 to 65535, got ${text}.`);
  return port;
}
