import type { Match } from './overlap/itemIndex.js';
import { MATCH_KINDS, OVERLAP_RULE, type MatchKind } from './overlap/rule.js';
import type { RowTexts } from './overlap/texts.js';

/** What becomes of training rows that copy evaluation items. */
export const ON_MATCH = ['drop', 'reject', 'allow'] as const;
export type OnMatch = (typeof ON_MATCH)[number];
export interface ContaminationPolicy {
  readonly onMatch: OnMatch;
  /** With `drop`: a dataset of which a greater share of rows matches is refused. */
  readonly rejectAbove: number;
}

/** One row beside one item that it copies; texts are cut short. For people alone: policies never see items. */
export interface ShownMatch {
  readonly dataset: string;
  /** Line of the dataset's file, from 1. */
  readonly row: number;
  readonly benchmark: string;
  readonly split: string;
  readonly item: string;
  readonly kind: MatchKind;
  readonly rowText: string;
  readonly itemText: string;
}
/** How much of one split stands in one dataset. */
export interface SplitCount {
  readonly benchmark: string;
  readonly split: string;
  /** Rows that copy one of its items, and the items that are copied. */
  readonly rows: number;
  readonly items: number;
}
export interface DatasetFindings {
  readonly name: string;
  readonly rows: number;
  readonly matchedRows: number;
  /** Rows by the strictest kind of their matches. */
  readonly kinds: Readonly<Record<MatchKind, number>>;
  readonly splits: readonly SplitCount[];
  /** The first matches; `leftOut` more were found. */
  readonly matches: readonly ShownMatch[];
  readonly leftOut: number;
}

/** The gate's record in the store, immutable. `matchedRows` less `droppedRows` are trained on. */
export interface ContaminationRecord extends ContaminationPolicy {
  readonly schemaVersion: 1;
  readonly rule: typeof OVERLAP_RULE;
  /** Evaluation items looked for, over all splits of all benchmarks. */
  readonly items: number;
  readonly datasets: readonly (DatasetFindings & { readonly droppedRows: number })[];
  /** Items of a later split (`<benchmark>/<split>`, a row each) that copy items of an earlier one. */
  readonly splits: readonly DatasetFindings[];
}

/** What a plan says of it: figures, never texts. */
export interface ContaminationSummary extends ContaminationPolicy {
  /** SHA-256 of the record, which is part of its key. */
  readonly recordSha256: string;
  readonly ruleVersion: number;
  readonly datasets: readonly {
    readonly name: string;
    readonly rows: number;
    readonly matchedRows: number;
    readonly droppedRows: number;
  }[];
}

/** Matches kept of each dataset, and characters of each text. */
const MOST_MATCHES = 100;
const LONGEST_TEXT = 200;

/** Counts what is found in one dataset, row by row. */
export interface Tally {
  add(row: number, texts: RowTexts, matches: readonly Match[]): void;
  /** Lines of the rows that match. */
  readonly matchedLines: ReadonlySet<number>;
  findings(): DatasetFindings;
}

export function createTally(name: string): Tally {
  const lines = new Set<number>();
  const kinds: Record<MatchKind, number> = { exact: 0, normalised: 0, ngram: 0 };
  const splits = new Map<string, { benchmark: string; split: string; rows: number; items: Set<string> }>();
  const shown: ShownMatch[] = [];
  let rows = 0;
  let found = 0;
  const count = (matches: readonly Match[]): void => {
    const places = new Set<string>();
    for (const { item } of matches) {
      const place = `${item.benchmark}/${item.split}`;
      const of = splits.get(place) ?? {
        benchmark: item.benchmark,
        split: item.split,
        rows: 0,
        items: new Set(),
      };
      splits.set(place, { ...of, rows: of.rows + (places.has(place) ? 0 : 1), items: of.items.add(item.id) });
      places.add(place);
    }
  };
  return {
    matchedLines: lines,
    add: (row, texts, matches) => {
      rows += 1;
      if (matches.length === 0) return;
      lines.add(row);
      kinds[strictest(matches)] += 1;
      count(matches);
      found += matches.length;
      for (const match of matches.slice(0, MOST_MATCHES - shown.length))
        shown.push(shownMatch(name, row, { texts, match }));
    },
    findings: () => ({
      name,
      rows,
      matchedRows: lines.size,
      kinds,
      splits: [...splits.values()].map((one) => ({ ...one, items: one.items.size })),
      matches: shown,
      leftOut: found - shown.length,
    }),
  };
}

function strictest(matches: readonly Match[]): MatchKind {
  return MATCH_KINDS.find((kind) => matches.some((match) => match.kind === kind)) ?? 'ngram';
}

function shownMatch(
  dataset: string,
  row: number,
  { texts, match: { item, kind } }: { readonly texts: RowTexts; readonly match: Match },
): ShownMatch {
  const { benchmark, split, id, turns, answers } = item;
  return {
    ...{ dataset, row, benchmark, split, item: id, kind },
    rowText: shortened(texts.turns.join(' → ')),
    itemText: shortened([...turns, answers.join(' | ')].join(' → ')),
  };
}

/** On one line, and short; no half of a pair of surrogates at the end. */
export function shortened(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  const characters = [...line.slice(0, 2 * LONGEST_TEXT)];
  return characters.length > LONGEST_TEXT ? `${characters.slice(0, LONGEST_TEXT - 1).join('')}…` : line;
}

/** Rows that the policy takes out of a dataset. */
export function droppedRows({ onMatch }: ContaminationPolicy, { matchedRows }: DatasetFindings): number {
  return onMatch === 'drop' ? matchedRows : 0;
}

/** Why a dataset can't be trained on as the policy wants it; null when it can. */
export function refusalOf(
  { onMatch, rejectAbove }: ContaminationPolicy,
  { rows, matchedRows }: DatasetFindings,
): 'any' | 'share' | 'empty' | null {
  if (matchedRows === 0 || onMatch === 'allow') return null;
  if (onMatch === 'reject') return 'any';
  if (matchedRows > rejectAbove * rows) return 'share';
  return matchedRows === rows ? 'empty' : null;
}

export function contaminationRecord(
  policy: ContaminationPolicy,
  found: Pick<ContaminationRecord, 'items' | 'splits'> & { readonly datasets: readonly DatasetFindings[] },
): ContaminationRecord {
  const { onMatch, rejectAbove } = policy;
  return {
    schemaVersion: 1,
    rule: OVERLAP_RULE,
    onMatch,
    rejectAbove,
    items: found.items,
    datasets: found.datasets.map((one) => ({ ...one, droppedRows: droppedRows(policy, one) })),
    splits: found.splits,
  };
}

export function contaminationSummary(
  { rule, onMatch, rejectAbove, datasets }: ContaminationRecord,
  recordSha256: string,
): ContaminationSummary {
  return {
    recordSha256,
    ruleVersion: rule.version,
    onMatch,
    rejectAbove,
    datasets: datasets.map(({ name, rows, matchedRows, droppedRows: dropped }) => ({
      ...{ name, rows, matchedRows, droppedRows: dropped },
    })),
  };
}

/** A line for each dataset or split with matches: figures and names, never texts, since plans reach the policies. */
export function contaminationNotes({ datasets, splits, onMatch }: ContaminationRecord): readonly string[] {
  const trained = datasets.map((found) => {
    const { matchedRows, name, rows, droppedRows: dropped } = found;
    const copies = `contamination: ${of(matchedRows, rows)} rows of ${name} copy evaluation items (${places(found)})`;
    const result =
      onMatch === 'allow'
        ? `the spec allows it: they are trained on, and ${String(matchedRows)} would have been dropped`
        : `${String(dropped)} were dropped before training`;
    return matchedRows === 0 ? [] : [`${copies}; ${result}`];
  });
  const split = splits.map(
    (found) =>
      `contamination: ${of(found.matchedRows, found.rows)} items of ${found.name} copy items of an earlier split (${places(found)}); scores there are no independent check`,
  );
  return [...trained.flat(), ...split];
}

function of(part: number, whole: number): string {
  return `${String(part)} of ${String(whole)}`;
}

/** `4 of skill/test, 1 of guard/search`. */
function places({ splits }: DatasetFindings): string {
  return splits.map(({ benchmark, split, items }) => `${String(items)} of ${benchmark}/${split}`).join(', ');
}
