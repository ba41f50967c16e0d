import type { Command } from 'commander';
import { examine } from '../../workers/doctor.js';
import { EXIT } from '../../workers/fault.js';
import type { Context, Run } from '../context.js';
import { example } from '../example.js';

export function addDoctor(program: Command, run: Run): void {
  program
    .command('doctor')
    .description('look for what could keep LaMDAgent from running here, and say what to do')
    .option('--json', 'data as JSON on stdout')
    .addHelpText('after', example('doctor'))
    .action(({ json }: { json?: boolean }) => run((context) => doctor(context, json)));
}

async function doctor({ env, terminal }: Context, json: boolean | undefined): Promise<number> {
  const findings = await examine(env);
  const healthy = findings.every((finding) => finding.ok);
  if (json) terminal.print(JSON.stringify({ schemaVersion: 1, healthy, findings }));
  else
    for (const { ok, check, found, fix } of findings)
      terminal.print(`${ok ? 'ok     ' : 'FAULT  '}${check}: ${found}${ok ? '' : `. ${fix}`}`);
  return healthy ? EXIT.ok : EXIT.failed;
}
