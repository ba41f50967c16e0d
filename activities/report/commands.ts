import { nameInPool, type Pool } from '../../domain/pool.js';
import { applicable } from '../../domain/stageOfAction.js';
import { trialName, type ProposedTrial, type TrialRecord } from '../../domain/trial.js';
import { html, type Markup } from './html.js';

/** What to type to see all of a trial, to have a failed one tried again, or to run its action in another search. */
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
  return html`<pre><code>${show}${hasFailed ? `\nnpx lamdagent retry ${quoted(name)} ${trialName(trial)}` : ''}</code></pre>
    ${
      written === null
        ? html``
        : html`<p>
              The same action, as <code>lamdagent propose OTHER action.json</code> takes it where models have
              these names:
            </p>
            <pre><code>${written}</code></pre>`
    }`;
}

/** A word of a POSIX shell. */
export function quoted(word: string): string {
  return /^[\w.@%+=:,/-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
