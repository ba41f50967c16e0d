import { z } from 'zod';
import { ACTION_TYPES, isTrainingKind } from '../../domain/actionTypes.js';
import { BUILD_KINDS, type BuildKind } from '../../domain/stage.js';
import { parametersSchema, type WrittenSpace } from './parameterSchema.js';
import { label, whole } from './written.js';

/** What a spec says of one action type; which keys there are depends on the type. */
export interface WrittenActionType {
  readonly datasets?: readonly string[] | undefined;
  readonly maxDatasets?: number | undefined;
  readonly maxModels?: number | undefined;
  readonly parameters: Readonly<Record<string, WrittenSpace>>;
}
type WrittenActionTypes = Readonly<Partial<Record<BuildKind, WrittenActionType>>>;

const MOST_MERGED = 4;

/** The action types a spec may name, each optional; everything comes from the table of action types. */
export function actionsSchema(): z.ZodType<WrittenActionTypes> {
  const shape = BUILD_KINDS.map((kind) => [kind, actionTypeSchema(kind).optional()] as const);
  return z.strictObject(Object.fromEntries(shape)) as unknown as z.ZodType<WrittenActionTypes>;
}

function actionTypeSchema(kind: BuildKind): z.ZodType {
  return z.strictObject({
    ...(isTrainingKind(kind) ? dataKeys : {}),
    ...modelKeys(kind),
    parameters: parametersSchema(kind).prefault({}),
  });
}

const dataKeys = {
  datasets: z
    .array(label)
    .min(1)
    .refine((names) => new Set(names).size === names.length, 'names that differ')
    .optional()
    .describe('Datasets it may train on. Left out: all of the right shape of which no other one is made.'),
  maxDatasets: whole(1).default(3).describe('Most datasets of one training.'),
};

/** Only where the number of models is a choice. */
function modelKeys(kind: BuildKind): Readonly<Record<string, z.ZodType>> {
  const { minimum, maximum } = ACTION_TYPES[kind].models;
  if (minimum === maximum) return {};
  const most = whole(minimum, maximum).default(Math.min(MOST_MERGED, maximum));
  return { maxModels: most.describe(`Most models of one ${kind}.`) };
}
