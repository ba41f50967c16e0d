import type { Command } from 'commander';
import { loadStatus } from '../../activities/ledger/views.js';
import { connectTo, findService } from '../../workers/connect.js';
import { EXIT } from '../../workers/fault.js';
import { requireKnown, type Context, type Run } from '../context.js';
import { example } from '../example.js';
import { follow } from '../follow.js';
import { listenForInterrupt } from '../interrupt.js';
import { showOutcome, showResult } from '../outcome.js';
import { loadExploration } from '../../activities/ledger/read.js';
import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_EVERY_MS = 1000;

export function addWatch(program: Command, run: Run): void {
  program
    .command('watch')
    .description('follow a running exploration until it ends')
    .argument('<name>')
    .option('--json', 'a line of status JSON on stdout whenever it changes, from the store alone')
    .addHelpText('after', example('watch my-search'))
    .action((name: string, { json }: { json?: boolean }) =>
      run((context) => (json ? watchStore(context, name) : watch(context, name))),
    );
}

async function watch(context: Context, name: string): Promise<number> {
  const found = await loadExploration(context.store, name);
  if (found !== null && found.result !== null) {
    await showResult(context, name, found.result);
    return EXIT.ok;
  }
  const client = await connectTo(await findService(context.env));
  const { signal } = listenForInterrupt();
  await follow({ client, name, terminal: context.terminal, signal });
  return signal.aborted ? EXIT.interrupted : showOutcome(context, client, name);
}

async function watchStore(context: Context, name: string): Promise<number> {
  await requireKnown(context, name);
  const { signal } = listenForInterrupt();
  for (let told = ''; !signal.aborted;) {
    const status = await loadStatus(context.store, name);
    const text = JSON.stringify(status);
    if (text !== told) context.terminal.print(text);
    if (status?.state !== 'running') return EXIT.ok;
    told = text;
    await sleep(LOOK_EVERY_MS, null, { signal }).catch(() => null);
  }
  return EXIT.interrupted;
}
