import type { Command } from 'commander';
import { loadStatus } from '../../activities/ledger/views.js';
import { interventionText } from '../../domain/intervention.js';
import { faultOfText } from '../../domain/personText.js';
import { EXIT, UserFault } from '../../workers/fault.js';
import { requireKnown, type Context, type Run } from '../context.js';
import { example } from '../example.js';
import { sayNext } from '../next.js';
import { acting, sendUpdate } from '../update.js';

interface Options {
  readonly clear?: boolean;
  readonly json?: boolean;
}

export function addSteer(program: Command, run: Run): void {
  program
    .command('steer')
    .description(
      'tell the agent what to mind from its next decision on; without a text, show what people did',
    )
    .argument('<name>')
    .argument('[text...]')
    .option('--clear', 'forget what was said before')
    .option('--json', 'without a text: data as JSON on stdout')
    .addHelpText('after', example('steer my-search "prefer small merges"'))
    .action((name: string, words: readonly string[], options: Options) =>
      run((context) => steer(context, { name, text: words.join(' ') }, options)),
    );
}

async function steer(
  context: Context,
  { name, text }: { readonly name: string; readonly text: string },
  { clear, json }: Options,
): Promise<number> {
  if (text === '' && clear !== true) return show(context, name, json);
  const fault = text === '' ? null : faultOfText('text', text);
  if (fault !== null) throw new UserFault(fault, EXIT.usage);
  const input = {
    ...acting(),
    ...(text === '' ? {} : { text }),
    ...(clear === true ? { clear: true } : {}),
  };
  const code = await sendUpdate(context, { update: 'steer', name, input });
  sayNext(context.terminal, [
    [`steer ${name}`, 'shows what people did to the search'],
    [`watch ${name}`, 'follows it until it ends'],
  ]);
  return code;
}

async function show(context: Context, name: string, json: boolean | undefined): Promise<number> {
  await requireKnown(context, name);
  const view = await loadStatus(context.store, name);
  if (view === null) return EXIT.failed;
  const { steering, interventions } = view;
  const lines = interventions.map((act) => {
    const holds = act.kind !== 'steer' || steering.some(({ number }) => number === act.number);
    return `${interventionText(act)}${holds ? '' : ' (cleared)'}`;
  });
  const words = lines.length === 0 ? 'nobody did anything to this search yet' : lines.join('\n');
  context.terminal.print(json ? JSON.stringify({ schemaVersion: 1, steering, interventions }) : words);
  return EXIT.ok;
}
