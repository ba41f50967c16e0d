import { z } from 'zod';
import type { WrittenAction } from '../../domain/request.js';
import { formatFaults } from '../spec/faults.js';
import { faultsOfIssues } from '../spec/issues.js';

const names = z.array(z.string().min(1).max(64));

/** An action as people write it; parameters that are left out get their usual value. */
const WrittenActionSchema = z.strictObject({
  kind: z.string().min(1).max(64),
  models: names,
  datasets: names.default([]),
  parameters: z.record(z.string(), z.union([z.number(), z.string().max(64)])).default({}),
});

/** The action, or what is wrong with its shape, a line a fault. */
export function parseWrittenAction(
  value: unknown,
): { readonly action: WrittenAction } | { readonly fault: string } {
  const parsed = WrittenActionSchema.safeParse(value);
  if (parsed.success) return { action: parsed.data };
  return { fault: formatFaults(faultsOfIssues(parsed.error.issues, value)) };
}
