import type { Command } from 'commander';
import { formatFaults } from '../../activities/spec/faults.js';
import type { Spec } from '../../activities/spec/schema.js';
import { readSpecFile } from '../../activities/spec/spec.js';
import { examine } from '../../workers/doctor.js';
import { EXIT, UserFault } from '../../workers/fault.js';
import type { Context, Run } from '../context.js';
import { example } from '../example.js';

interface Options {
  readonly json?: boolean;
  readonly fix?: boolean;
  readonly askLlm?: boolean;
}

export function addDoctor(program: Command, run: Run): void {
  program
    .command('doctor')
    .description('look for what could keep LaMDAgent from running here, and say what to do')
    .argument('[spec]', 'YAML or JSON file: its LLM and classes of GPU workers are looked at too')
    .option('--fix', 'register the search attributes that the Temporal namespace lacks')
    .option('--ask-llm', 'send the LLM of the spec a prompt for one token, which costs a little')
    .option('--json', 'data as JSON on stdout')
    .addHelpText('after', example('doctor'))
    .action((file: string | undefined, options: Options) =>
      run((context) => doctor(context, file ?? null, options)),
    );
}

async function doctor(
  { env, terminal }: Context,
  file: string | null,
  { json, fix = false, askLlm = false }: Options,
): Promise<number> {
  const spec = file === null ? null : await specOf(file);
  const findings = await examine(env, { spec, fix, askLlm });
  const healthy = findings.every((finding) => finding.ok);
  if (json) terminal.print(JSON.stringify({ schemaVersion: 1, healthy, findings }));
  else
    for (const { ok, check, found, fix } of findings)
      terminal.print(`${ok ? 'ok     ' : 'FAULT  '}${check}: ${found}${ok || fix === '' ? '' : `. ${fix}`}`);
  return healthy ? EXIT.ok : EXIT.failed;
}

/** As `validate` reads it: exit code 2 and one line a fault. */
async function specOf(file: string): Promise<Spec> {
  const parsed = await readSpecFile(file);
  if (parsed.ok) return parsed.spec;
  throw new UserFault(formatFaults(parsed.faults), EXIT.usage);
}
