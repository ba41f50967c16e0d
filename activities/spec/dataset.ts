import { z } from 'zod';
import { OPERATION_NAMES, type OperationName } from '../../domain/data/operations.js';
import { DATASET_SHAPES, type DatasetShape } from '../../domain/dataShapes.js';
import { hub, part, revision } from './hubNames.js';
import { operationSchema, type WrittenOperation } from './operationSchema.js';
import { inside, path } from './written.js';

/** A dataset as a spec has it: a file, a repository of a hub, or what it is made from and how. */
export type Shape = DatasetShape;

const operations = Object.fromEntries(
  OPERATION_NAMES.map((name) => [name, operationSchema(name).optional()]),
) as Readonly<Record<OperationName, z.ZodOptional<z.ZodType<WrittenOperation>>>>;

const ORIGINS = ['path', 'hub', ...OPERATION_NAMES] as const;
type Origin = (typeof ORIGINS)[number];
type Written = Readonly<Record<string, unknown>>;
const ORIGIN_RULE = `one of ${ORIGINS.join(', ')}`;
const SHAPE_RULE = 'no shape beside an operation: it follows from what the dataset is made from';
const OF_HUB = ['revision', 'file', 'split', 'config'] as const;

const DatasetObject = z.strictObject({
  path: path.optional(),
  hub: hub.optional(),
  revision: revision.optional(),
  file: inside.optional().describe('With hub: the path of one file in the repository.'),
  split: part.optional().describe('With hub: the files that a split has by their names. Default: train.'),
  config: part.optional().describe('With hub and split: the folder, where several have the split.'),
  shape: z
    .enum(DATASET_SHAPES)
    .optional()
    .describe('What its rows are; its first row says so when left out. columns: only a template reads it.'),
  ...operations,
});

export const DatasetSchema = DatasetObject.refine((written) => originsOf(written).length === 1, {
  error: ORIGIN_RULE,
  when: isMapping,
})
  .refine((written) => written.shape === undefined || !originsOf(written).some(isOperation), {
    error: SHAPE_RULE,
    path: ['shape'],
    when: isMapping,
  })
  .refine((written) => written.hub !== undefined || OF_HUB.every((key) => written[key] === undefined), {
    error: `${OF_HUB.join(', ')} only with hub`,
    when: isMapping,
  })
  .refine(({ file, split, config }) => file === undefined || (split === undefined && config === undefined), {
    error: 'either file, or split and config',
    when: isMapping,
  });

/** Checked whatever else is wrong, so that all faults are told at once. */
function isMapping({ value }: { readonly value: unknown }): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function originsOf(written: Written): readonly Origin[] {
  return ORIGINS.filter((origin) => written[origin] !== undefined);
}

function isOperation(origin: Origin): boolean {
  return origin !== 'path' && origin !== 'hub';
}
