import type { Command } from 'commander';
import { examine } from '../../workers/doctor.js';
import { EXIT } from '../../workers/fault.js';
import type { Context, Run } from '../context.js';
import { example } from '../example.js';

interface Options {
  readonly fix?: boolean;
  readonly json?: boolean;
}

export function addDoctor(program: Command, run: Run): void {
  program
    .command('doctor')
    .description('look for what could keep LaMDAgent from running here, and say what to do')
    .option('--fix', 'register search attributes that the Temporal service lacks')
    .option('--json', 'data as JSON on stdout')
    .addHelpText('after', example('doctor'))
    .action((options: Options) => run((context) => doctor(context, options)));
}

async function doctor({ env, terminal }: Context, { fix: mend = false, json }: Options): Promise<number> {
  const findings = await examine(env, { mend });
  const healthy = findings.every((finding) => finding.ok);
  if (json) terminal.print(JSON.stringify({ schemaVersion: 1, healthy, findings }));
  else
    for (const { ok, check, found, fix } of findings)
      terminal.print(`${ok ? 'ok     ' : 'FAULT  '}${check}: ${found}${ok || fix === '' ? '' : `. ${fix}`}`);
  return healthy ? EXIT.ok : EXIT.failed;
}
