import type { Command } from 'commander';
import { loadAudit, type AuditView } from '../../activities/ledger/audit.js';
import { EXIT } from '../../workers/fault.js';
import { requireKnown, type Run } from '../context.js';
import { example } from '../example.js';

/** Reads the store alone; exit code 1 when something in the books can't be. */
export function addAudit(program: Command, run: Run): void {
  program
    .command('audit')
    .description(
      'check the ledger of an exploration: every trial, decision, stage and attempt; exit code 1 with findings',
    )
    .argument('<name>')
    .option('--json', 'data as JSON on stdout')
    .addHelpText('after', example('audit my-search'))
    .action((name: string, { json }: { readonly json?: boolean }) =>
      run(async (context) => {
        await requireKnown(context, name);
        const view = await loadAudit(context.store, name);
        if (view === null) return EXIT.failed;
        context.terminal.print(json ? JSON.stringify(view) : auditLines(view).join('\n'));
        return view.findings.length === 0 ? EXIT.ok : EXIT.failed;
      }),
    );
}

function auditLines({ name, checked, findings }: AuditView): readonly string[] {
  const { rows, decisions, stages, attempts } = checked;
  const counts = `${String(rows)} rows, ${String(decisions)} decisions, ${String(stages)} stages, ${String(attempts)} attempts`;
  const verdict = findings.length === 0 ? 'nothing found' : `${String(findings.length)} findings`;
  return [`${name}: checked ${counts}: ${verdict}`, ...findings.map(({ message }) => `  ${message}`)];
}
