import type { DecisionRecord } from '../../domain/decision.js';
import type { Attempt } from '../../domain/outcome.js';
import { nameInPool, poolOf } from '../../domain/pool.js';
import { trialName, type TrialRecord } from '../../domain/trial.js';
import { originText } from '../ledger/decisionView.js';
import type { StoredExploration } from '../ledger/read.js';
import { durationText, percent, scoreText, settingsText } from './format.js';
import { html, type Markup } from './html.js';

/** A section a trial: why it was proposed, what was done, scores, attempts, hashes. */
export function trialSections(found: StoredExploration): Markup {
  const pool = poolOf(found.plan, found.rows);
  const byTrial = [...found.rows].sort((a, b) => a.trial - b.trial);
  return html`<section aria-labelledby="trials">
    <h2 id="trials">Trials</h2>
    ${byTrial.map((row) => {
      const decision = found.decisions.find((one) => one.decision === row.decision);
      const parents = (row.action?.models ?? []).map((id) => nameInPool(pool, id));
      return trialSection(row, decision, parents);
    })}
  </section>`;
}

function trialSection(
  row: TrialRecord,
  decision: DecisionRecord | undefined,
  parents: readonly string[],
): Markup {
  return html`<details id="${trialName(row.trial)}">
    <summary>
      ${trialName(row.trial)} ${row.label}:
      ${row.score === null ? row.status : scoreText(row.score, row.standardError)}
    </summary>
    <dl>
      ${entry('Proposed by', origin(row, decision))}
      ${row.action === null ? html`` : entry('Settings', settingsText(row.action.parameters))}
      ${parents.length === 0 ? html`` : entry('Built on', parents.join(', '))}
      ${row.message === '' ? html`` : entry('Message', row.message)}
      ${entry(
        'Scores',
        Object.entries(row.scores)
          .map(([name, { score, standardError }]) => `${name} ${percent(score)} ± ${percent(standardError)}`)
          .join(', ') || '–',
      )}
      ${entry('Stage', row.stageId)} ${entry('Weights SHA-256', row.weightsSha256 ?? '–')}
    </dl>
    ${attemptsTable(row)}
  </details>`;
}

function origin(row: TrialRecord, decision: DecisionRecord | undefined): string {
  if (decision === undefined) return originText(row);
  const fallback = decision.fallback ? ' (fallback: the answer of the policy was unusable)' : '';
  return `${decision.policy}, decision ${String(decision.decision)}: ${decision.reason}${fallback}`;
}

function entry(name: string, value: string): Markup {
  return html`<dt>${name}</dt>
    <dd>${value}</dd>`;
}

function attemptsTable(row: TrialRecord): Markup {
  const attempts = row.stages.flatMap((stage) => stage.attempts.map((attempt) => ({ stage, attempt })));
  if (attempts.length === 0) return html``;
  return html`<div class="wide">
    <table>
      <caption>
        Attempts
      </caption>
      <thead>
        <tr>
          <th scope="col">stage</th>
          <th scope="col">attempt</th>
          <th scope="col">worker</th>
          <th scope="col">end</th>
          <th scope="col">steps</th>
          <th scope="col">lost</th>
          <th scope="col">GPU</th>
        </tr>
      </thead>
      <tbody>
        ${attempts.map(
          ({ stage, attempt }) =>
            html`<tr>
              <td>${stage.kind} ${stage.stageId.slice(0, 8)}${stage.reused ? ' (reused)' : ''}</td>
              ${attemptCells(attempt)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function attemptCells(attempt: Attempt): Markup {
  const resumed = attempt.resumedStep > 0 ? `resumed at ${String(attempt.resumedStep)}, ` : '';
  return html`<td>${attempt.attempt}</td>
    <td>${attempt.worker} (${attempt.device})</td>
    <td>${attempt.end}${attempt.reason === '' ? '' : `: ${attempt.reason.slice(0, 120)}`}</td>
    <td>${resumed}to ${attempt.lastStep}</td>
    <td>${attempt.stepsLost} steps, ${durationText(attempt.lostGpuSeconds)}</td>
    <td>${durationText(attempt.gpuSeconds)}</td>`;
}
