import { columnHeads } from './columns.js';
import { deviceText } from '../../domain/attemptPlace.js';
import type { Attempt } from '../../domain/outcome.js';
import { shortId } from '../../domain/stage.js';
import type { TrialRecord } from '../../domain/trial.js';
import { clipped, durationText } from './format.js';
import { html, type Markup } from './html.js';
import { scrolled } from './scrolled.js';

const COLUMNS = ['stage', 'attempt', 'worker', 'end', 'steps', 'lost', 'GPU'];

/** Every try of every stage that this trial paid for; what it could reuse in one line. */
export function attemptsTable({ stages }: TrialRecord): Markup {
  const attempts = stages
    .filter(({ reused }) => !reused)
    .flatMap((stage) => stage.attempts.map((attempt) => ({ stage, attempt })));
  const reused = stages.filter((stage) => stage.reused);
  const names = reused.map(({ kind, stageId }) => `${kind} ${shortId(stageId)}`).join(', ');
  return html`${reused.length === 0 ? html`` : html`<p>Reused: ${names}.</p>`}
  ${
    attempts.length === 0
      ? html``
      : scrolled(
          'Attempts',
          html`<table>
            <caption>
              Attempts
            </caption>
            ${columnHeads(COLUMNS)}
            <tbody>
              ${attempts.map(
                ({ stage, attempt }) =>
                  html`<tr>
                    <td>${stage.kind} ${shortId(stage.stageId)}</td>
                    ${cells(attempt)}
                  </tr>`,
              )}
            </tbody>
          </table>`,
        )
  }`;
}

function cells(attempt: Attempt): Markup {
  const { end, reason, worker, resumedStep, lastStep, stepsLost, lostGpuSeconds, gpuSeconds } = attempt;
  const resumed = resumedStep > 0 ? `resumed at ${String(resumedStep)}, ` : '';
  const lost =
    stepsLost === 0 && lostGpuSeconds === 0
      ? '–'
      : `${String(stepsLost)} steps, ${durationText(lostGpuSeconds)}`;
  return html`<td>${attempt.attempt}</td>
    <td>${clipped(worker, 60)} (${clipped(deviceText(attempt), 80)})</td>
    <td>${end}${reason === '' ? '' : `: ${clipped(reason, 120)}`}</td>
    <td>${lastStep === 0 ? '–' : `${resumed}to ${String(lastStep)}`}</td>
    <td>${lost}</td>
    <td>${durationText(gpuSeconds)}</td>`;
}
