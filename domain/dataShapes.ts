/** What the rows of a dataset hold: a table of one line a shape. */
export const DATA_SHAPES = ['sft', 'preference', 'labelled', 'verifiable'] as const;
export type DataShape = (typeof DATA_SHAPES)[number];

/** What a spec may say of a dataset: what is trained on, or columns that a template reads. */
export const DATASET_SHAPES = [...DATA_SHAPES, 'columns'] as const;
export type DatasetShape = (typeof DATASET_SHAPES)[number];

/** The keys of a row, for people. */
export const ROW_FORMS: Readonly<Record<DataShape, string>> = {
  sft: 'messages, prompt and completion, or text',
  preference: 'prompt, chosen and rejected',
  labelled: 'prompt, completion and label',
  verifiable: 'prompt, and answers or ground_truth',
};

type Row = Readonly<Record<string, unknown>>;

/** The shape that a row's keys say. */
export function shapeOfRow(row: Row): DataShape {
  if ('chosen' in row || 'rejected' in row) return 'preference';
  if (typeof row['label'] === 'boolean') return 'labelled';
  const answered = ['messages', 'completion', 'text'].some((key) => key in row);
  return !answered && ('answers' in row || 'ground_truth' in row) ? 'verifiable' : 'sft';
}
