import { nameInPool, type Pool } from '../../domain/pool.js';
import { applicable } from '../../domain/stageOfAction.js';
import { trialName, type ProposedTrial, type TrialRecord } from '../../domain/trial.js';
import { html, type Markup } from './html.js';

/**
 * What to type to see all of a trial, to have a failed one tried again, or to run its action in another search in which
 * the models have these names.
 */
export function commandsPart(
  name: string,
  { trial, action }: ProposedTrial,
  pool: Pool,
  row: TrialRecord | null,
): Markup {
  const show = `npx lamdagent show ${quoted(name)} ${trialName(trial)} --prompts`;
  const hasFailed = row !== null && row.status !== 'completed';
  const written =
    action === null
      ? null
      : JSON.stringify({
          kind: action.kind,
          models: action.models.map((id) => nameInPool(pool, id)),
          ...(action.datasets.length === 0 ? {} : { datasets: action.datasets }),
          parameters: applicable(action),
        });
  const lines = [
    show,
    ...(hasFailed ? [`npx lamdagent retry ${quoted(name)} ${trialName(trial)}`] : []),
    ...(written === null ? [] : [`npx lamdagent propose OTHER action.json  # with ${written}`]),
  ];
  return html`<pre><code>${lines.join('\n')}</code></pre>`;
}

/** A word of a POSIX shell. */
export function quoted(word: string): string {
  return /^[\w.@%+=:,/-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
