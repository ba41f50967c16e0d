import { InvalidArgumentError, type Command } from 'commander';
import { fullSentence } from '../../activities/retention/automatic.js';
import { collect, sweepLeftovers, type Collected } from '../../activities/retention/collect.js';
import { createKnownReader } from '../../activities/retention/known.js';
import { DURATION, secondsOf } from '../../activities/spec/duration.js';
import type { Leftover } from '../../activities/store/store.js';
import { formatBytes, parseBytes } from '../../domain/bytes.js';
import { KEEP, smallBytesFor } from '../../domain/retention.js';
import { EXIT } from '../../workers/fault.js';
import type { Context, Run } from '../context.js';
import { example } from '../example.js';
import { sayNext } from '../next.js';
import { wholeNumber } from '../numbers.js';
import { table } from '../table.js';

interface Options {
  readonly budget?: number;
  readonly keep?: number;
  readonly grace?: number;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export function addGc(program: Command, run: Run): void {
  program
    .command('gc')
    .description('collect models that can be made again until the store fits a budget, and clear leftovers')
    .option('--budget <size>', 'what all objects may take, e.g. 50GB (default: LAMDAGENT_STORE_BUDGET)', size)
    .option(
      '--keep <n>',
      `the best trials of each exploration whose models stay (default: ${String(KEEP)})`,
      wholeNumber,
    )
    .option('--grace <duration>', 'younger objects stay (default: LAMDAGENT_STORE_GRACE, 10m)', milliseconds)
    .option('--dry-run', 'show what would go, and why the rest stays; change nothing')
    .option('--json', 'data as JSON on stdout')
    .addHelpText('after', example('gc --budget 50GB --dry-run'))
    .action((options: Options) => run((context) => gc(context, options)));
}

/** What a run of gc did, or would do. */
interface Outcome extends Collected {
  readonly dryRun: boolean;
  readonly budgetBytes: number | null;
  readonly leftovers: readonly Leftover[];
}

async function gc({ env, store, terminal }: Context, options: Options): Promise<number> {
  const budgetBytes = options.budget ?? env.storeBudgetBytes;
  const rules = {
    budgetBytes,
    keep: options.keep ?? KEEP,
    smallBytes: smallBytesFor(budgetBytes),
    graceMs: options.grace ?? env.storeGraceMs,
  };
  const dryRun = options.dryRun === true;
  const leftovers = await sweepLeftovers(store, { dryRun });
  const collected = await collect(store, { rules, dryRun, known: createKnownReader(store) });
  const outcome: Outcome = { dryRun, budgetBytes, ...collected, leftovers };
  if (options.json) terminal.print(JSON.stringify({ schemaVersion: 1, ...outcome }));
  else terminal.print(linesOf(outcome, terminal.width).join('\n'));
  if (budgetBytes !== null && collected.bytesAfter > budgetBytes)
    terminal.say(fullSentence(collected, budgetBytes));
  if (dryRun && options.json !== true) sayNext(terminal, [['gc', 'does it; give it the same options']]);
  return EXIT.ok;
}

function linesOf(outcome: Outcome, width: number | null): readonly string[] {
  const { dryRun, kept, removed, spared, leftovers, bytesBefore, bytesAfter, budgetBytes } = outcome;
  const verb = dryRun ? 'would go' : 'went';
  const named = kept.filter(({ reason }) => reason !== 'small');
  const small = kept.filter(({ reason }) => reason === 'small').map(({ object }) => object);
  const row = (what: string, id: string, bytes: number, why: string) => [what, id, formatBytes(bytes), why];
  return [
    ...table(
      ['', 'object', 'size', 'why'],
      [
        ...removed.map((one) => row(verb, one.stageId.slice(0, 8), one.bytes, 'its recipe makes it again')),
        ...leftovers.map((one) => row(verb, short(one.name), one.bytes, LEFTOVERS[one.kind])),
        ...spared.map((one) => row('stays', one.stageId.slice(0, 8), one.bytes, 'asked for just now')),
        ...named.map(({ object, why }) => row('stays', object.stageId.slice(0, 8), object.bytes, why)),
        ...(small.length === 0
          ? []
          : [row('stays', `${String(small.length)} small`, sum(small), 'scores, adapters, data')]),
      ],
      width,
    ),
    `objects: ${formatBytes(bytesBefore)} before, ${formatBytes(bytesAfter)} ${dryRun ? 'then' : 'now'}; ` +
      `leftovers: ${formatBytes(sum(leftovers))}; budget: ${budgetBytes === null ? 'none' : formatBytes(budgetBytes)}`,
  ];
}

const LEFTOVERS: Readonly<Record<Leftover['kind'], string>> = {
  staged: 'leftover: bytes on their way into the store',
  upload: 'leftover: an upload that did not end',
  unpublished: 'leftover: files without a manifest',
  work: 'leftover: the work area of a published stage',
  copy: 'leftover: a copy of what is gone',
};

/** Stage ids by their first digits. */
function short(name: string): string {
  return name.replace(/([0-9a-f]{8})[0-9a-f]{56}/g, '$1').replace(/\?.*/, '');
}

function sum(all: readonly { readonly bytes: number }[]): number {
  return all.reduce((total, { bytes }) => total + bytes, 0);
}

function size(text: string): number {
  const bytes = parseBytes(text);
  if (bytes === null) throw new InvalidArgumentError(`expected a size such as 50GB, got ${text}.`);
  return bytes;
}

function milliseconds(text: string): number {
  if (!DURATION.test(text)) throw new InvalidArgumentError(`expected a duration such as 10m, got ${text}.`);
  return secondsOf(text) * 1000;
}
