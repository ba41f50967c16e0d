import { resolve } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import { scaleLabel, type ScaledBase, type ScaleRequest } from '../../domain/scale.js';
import { didYouMean, formatFaults, shown, type Fault } from '../spec/faults.js';
import { faultsOfIssues } from '../spec/issues.js';
import { checkModel } from '../spec/modelFolder.js';
import { importModel } from '../spec/sources.js';
import type { Store } from '../store/store.js';

const FACTOR_RULE = 'a factor above 0, at most 100';
const RequestSchema = z.strictObject({
  exploration: z.string().min(1),
  top: z.int().min(1).max(20).default(3),
  dataFraction: z.number(FACTOR_RULE).positive(FACTOR_RULE).max(100, FACTOR_RULE).default(1),
  base: z.string().min(1).optional(),
});

/** A request that says everything, with the label that names the study. */
export interface CheckedRequest {
  readonly exploration: string;
  readonly top: number;
  readonly factor: number;
  readonly base: ScaledBase | null;
  readonly label: string;
}

/** Checks a request and imports the other base. Throws a failure that no retry mends. */
export async function checkRequest(
  store: Store,
  request: ScaleRequest,
  root: string,
): Promise<CheckedRequest> {
  const parsed = RequestSchema.safeParse(request);
  if (!parsed.success) throw invalidScale([...unknownKeys(request), ...faultsOf(parsed.error, request)]);
  const { exploration, top, dataFraction: factor, base: folder } = parsed.data;
  const base = folder === undefined ? null : await importBase(store, resolve(root, folder));
  if (factor === 1 && base === null)
    throw invalidScale([
      {
        path: 'scale',
        rule: 'something that changes',
        value: 'nothing',
        hint: 'Give a data fraction other than 1, or another base model.',
      },
    ]);
  const label = scaleLabel({ top, factor, base: base?.stageId ?? null });
  return { exploration, top, factor, base, label };
}

function unknownKeys(request: unknown): readonly Fault[] {
  const known = Object.keys(RequestSchema.shape);
  const got = typeof request === 'object' && request !== null ? Object.keys(request) : [];
  return got
    .filter((key) => !known.includes(key))
    .map((key) => ({ path: key, rule: 'a known key', value: shown(key), hint: didYouMean(key, known) }));
}

function faultsOf({ issues }: z.ZodError, request: unknown): readonly Fault[] {
  return faultsOfIssues(
    issues.filter(({ code }) => code !== 'unrecognized_keys'),
    request,
  );
}

async function importBase(store: Store, folder: string): Promise<ScaledBase> {
  const faults: Fault[] = [];
  const model = await checkModel('base', folder, (fault) => faults.push(fault));
  if (faults.length > 0) throw invalidScale(faults);
  const planned = await importModel(store, { name: 'base', folder, files: { models: { base: model } } });
  const { stageId, weightsSha256, parameterCount } = planned;
  return { stageId, weightsSha256, parameterCount };
}

/** A person's mistake needs no stack. */
export function invalidScale(faults: readonly Fault[]): ApplicationFailure {
  const failure = ApplicationFailure.nonRetryable(formatFaults(faults), 'InvalidScale');
  failure.stack = '';
  return failure;
}
