import { columnHeads } from './columns.js';
import {
  INTERRUPTIONS,
  isEventful,
  recoveriesOf,
  recoveryText,
  type Losses,
} from '../../domain/recoveries.js';
import { deviceText } from '../../domain/attemptPlace.js';
import { attemptsOf, type AttemptRow } from '../ledger/attempts.js';
import type { StoredExploration } from '../ledger/read.js';
import { durationText } from './format.js';
import { html, type Markup } from './html.js';
import { scrollable } from './scrolled.js';

const WORDS = {
  preempted: 'preempted (asked to stop)',
  lost: 'lost (its process vanished)',
  failed: 'failed',
} as const;
const LONGEST_REASON = 160;

/** What was cut short, what that cost, and every attempt but the first ones that went through. */
export function reliabilitySection(found: StoredExploration): Markup {
  const all = attemptsOf(found);
  const later = [...found.finals, ...found.scales.flatMap(({ rows }) => rows)];
  const recoveries = recoveriesOf([...found.rows, ...later.map(({ result }) => result)]);
  const text = recoveryText(recoveries);
  return html`<section aria-labelledby="reliability">
    <h2 id="reliability">Reliability</h2>
    <p>${String(all.length)} attempts. ${text === null ? 'Nothing was cut short.' : `${text}.`}</p>
    ${text === null ? html`` : waysTable(recoveries.cutShort)}
    ${text === null ? html`` : eventsTable(all.filter(isEventful))}
  </section>`;
}

function waysTable(cutShort: Readonly<Record<keyof typeof WORDS, Losses>>): Markup {
  return html`<table>
    <caption>
      Attempts that were cut short
    </caption>
    <thead>
      <tr>
        <th scope="col">how</th>
        <th scope="col">attempts</th>
        <th scope="col">steps lost</th>
        <th scope="col">GPU time lost</th>
      </tr>
    </thead>
    <tbody>
      ${INTERRUPTIONS.map((way) => {
        const { attempts, stepsLost, lostGpuSeconds } = cutShort[way];
        return html`<tr>
          <th scope="row">${WORDS[way]}</th>
          <td>${attempts}</td>
          <td>${stepsLost}</td>
          <td>${durationText(lostGpuSeconds)}</td>
        </tr>`;
      })}
    </tbody>
  </table>`;
}

const COLUMNS = [
  ...['trial', 'stage', 'attempt', 'worker', 'device', 'start', 'end', 'how it ended'],
  ...['from step', 'to step', 'steps kept', 'steps lost', 'GPU time', 'of it lost'],
] as const;

function eventsTable(rows: readonly AttemptRow[]): Markup {
  return html`<div ${scrollable('Attempts that were cut short or followed')}>
    <table>
      <caption>
        Every attempt but the first ones that went through
      </caption>
      ${columnHeads(COLUMNS)}
      <tbody>
        ${rows.map(eventRow)}
      </tbody>
    </table>
  </div>`;
}

function eventRow(row: AttemptRow): Markup {
  const reason = row.reason === '' ? '' : `: ${row.reason.slice(0, LONGEST_REASON)}`;
  return html`<tr>
    <th scope="row">${row.trial}</th>
    <td>${row.stage} <small>${row.stageId.slice(0, 8)}</small></td>
    <td>${row.attempt}</td>
    <td>${row.worker}</td>
    <td>${deviceText(row)}</td>
    <td>${row.startedAt}</td>
    <td>${row.endedAt}</td>
    <td>${row.end}${reason}</td>
    <td>${row.resumedStep}</td>
    <td>${row.lastStep}</td>
    <td>${row.stepsKept}</td>
    <td>${row.stepsLost}</td>
    <td>${durationText(row.gpuSeconds)}</td>
    <td>${durationText(row.lostGpuSeconds)}</td>
  </tr>`;
}
