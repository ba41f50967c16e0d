import type { ContaminationRecord, DatasetFindings } from '../../domain/contamination.js';
import type { StoredExploration } from '../ledger/read.js';
import { html, type Markup } from './html.js';
import { scrollable } from './scrolled.js';

/** Which training rows copy evaluation items, and what became of them. */
export function contaminationSection({ contamination }: StoredExploration): Markup {
  const body =
    contamination === undefined || contamination === null
      ? html`<p>No record: the training data of this exploration was not compared with its benchmarks.</p>`
      : findings(contamination);
  return html`<section aria-labelledby="contamination">
    <h2 id="contamination">Contamination</h2>
    ${body}
  </section>`;
}

function findings(record: ContaminationRecord): Markup {
  const { rule, items, datasets, splits } = record;
  const matched = sum(datasets.map(({ matchedRows }) => matchedRows));
  const compared = sum(datasets.map(({ rows }) => rows));
  return html`<p>
      ${compared} training rows were compared with all ${items} evaluation items of every split: the same
      question, to the letter or but for case, spacing and punctuation; or ${100 * rule.threshold} % of its
      ${rule.questionGram}-grams and of an answer's ${rule.answerGram}-grams (rule version ${rule.version}).
      ${matched === 0 ? 'No row copies an item.' : verdict(record, matched)}
    </p>
    ${matched === 0 ? html`` : html`${datasetTable(record)} ${splitTable(datasets)}`} ${matchList(datasets)}
    ${splits.length === 0 ? html`` : betweenSplits(splits)}`;
}

/** What the search saw and later splits ask again. */
function betweenSplits(splits: readonly DatasetFindings[]): Markup {
  return html`<p>
      Items of a later split that copy an item of an earlier one: scores there are no independent check.
    </p>
    ${splitTable(splits)} ${matchList(splits)}`;
}

function verdict({ onMatch, datasets }: ContaminationRecord, matched: number): Markup {
  const dropped = sum(datasets.map(({ droppedRows }) => droppedRows));
  if (onMatch === 'allow')
    return html`<strong
      >${matched} rows that copy items were trained on, since the spec allows it; ${matched} would have been
      dropped. Scores on these benchmarks may be too high.</strong
    >`;
  return html`${matched} rows copy items; ${dropped} of them were dropped before training.`;
}

function datasetTable({ datasets }: ContaminationRecord): Markup {
  const columns = ['rows', 'copies', 'exact', 'normalised', 'n-grams', 'dropped', 'trained on'];
  return table('Rows that copy evaluation items', ['dataset', ...columns], (row) =>
    datasets.map(({ name, rows, matchedRows, kinds, droppedRows }) =>
      row(name, [
        ...[rows, matchedRows, kinds.exact, kinds.normalised, kinds.ngram],
        ...[droppedRows, rows - droppedRows],
      ]),
    ),
  );
}

function splitTable(datasets: readonly DatasetFindings[]): Markup {
  return table('Where the copied items stand', ['rows of', 'benchmark', 'split', 'rows', 'items'], (row) =>
    datasets.flatMap(({ name, splits }) =>
      splits.map(({ benchmark, split, rows, items }) => row(name, [benchmark, split, rows, items])),
    ),
  );
}

function table(
  caption: string,
  head: readonly string[],
  body: (row: (name: string, cells: readonly (string | number)[]) => Markup) => readonly Markup[],
): Markup {
  const row = (name: string, cells: readonly (string | number)[]): Markup =>
    html`<tr>
      <th scope="row">${name}</th>
      ${cells.map((cell) => html`<td>${cell}</td>`)}
    </tr>`;
  return html`<table>
    <caption>
      ${caption}
    </caption>
    <thead>
      <tr>
        ${head.map((name) => html`<th scope="col">${name}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${body(row)}
    </tbody>
  </table>`;
}

/** Row beside item, folded away. */
function matchList(datasets: readonly DatasetFindings[]): Markup {
  return html`${datasets
    .filter(({ matches }) => matches.length > 0)
    .map(
      ({ name, matches, leftOut }) =>
        html`<details>
          <summary>
            ${name}: ${matches.length} matches${leftOut > 0 ? `, ${String(leftOut)} more not kept` : ''}
          </summary>
          <div ${scrollable('Rows that copy items')}>
            ${table('Rows by line of the file', ['row', 'item', 'kind', 'row text', 'item text'], (row) =>
              matches.map(({ row: line, benchmark, split, item, kind, rowText, itemText }) =>
                row(String(line), [`${benchmark}/${split} ${item}`, kind, rowText, itemText]),
              ),
            )}
          </div>
        </details>`,
    )}`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
