import { z } from 'zod';
import { RESERVED_CLASSES, ROUTED_KINDS, sortedClasses, type GpuFleet } from '../../domain/gpuClass.js';
import { didYouMean, shown, valueAt, type Fault } from './faults.js';
import { size } from './written.js';

/** Classes of GPU workers, as a spec has them. */
const CLASS_RULE = `a name of at most 32 lower-case letters, digits, dashes, other than ${RESERVED_CLASSES.join(', ')}`;
const CLASS_NAME = new RegExp(`^(?!(${RESERVED_CLASSES.join('|')})$)[a-z0-9][a-z0-9-]{0,31}$`);
const className = z.string(CLASS_RULE).regex(CLASS_NAME, CLASS_RULE);

const GpuClassSchema = z.strictObject({
  memory: size.describe('Of one device, as the workers of the class say it at their start: "24GB", "80GiB".'),
  pricePerHour: z
    .number()
    .min(0)
    .optional()
    .describe('USD for an hour of one device; counts against budget.usd.'),
});

export const WorkersSchema = z.strictObject({
  classes: z
    .record(className, GpuClassSchema)
    .describe('Each has a queue of its own, which `lamdagent gpu-worker --gpu-class NAME` polls.'),
  actions: z
    .strictObject(Object.fromEntries(ROUTED_KINDS.map((kind) => [kind, className.optional()])))
    .prefault({})
    .describe('Where stages of a kind begin; left out: on the smallest class that they are expected to fit.'),
});
export type Workers = z.output<typeof WorkersSchema>;

export function fleetOf(workers: Workers | undefined): GpuFleet | undefined {
  if (workers === undefined) return undefined;
  const classes = Object.entries(workers.classes).map(([name, { memory, pricePerHour }]) => ({
    ...{ name, memoryBytes: memory, pricePerHour: pricePerHour ?? null },
  }));
  const actions = Object.entries(workers.actions).filter(([, name]) => name !== undefined);
  return { classes: sortedClasses(classes), actions: Object.fromEntries(actions) };
}

/** No class at all, and kinds of stages that are sent to classes there are not. `written`: with the faulty ones. */
export function workerFaults(written: unknown, workers: Workers | undefined): readonly Fault[] {
  if (workers === undefined) return [];
  const classes = valueAt(written, 'classes');
  const known = typeof classes === 'object' && classes !== null ? Object.keys(classes) : [];
  if (known.length === 0)
    return [
      { path: 'workers.classes', rule: 'at least one class', value: 'none', hint: 'Or leave workers out.' },
    ];
  return Object.entries(workers.actions).flatMap(([kind, name]) =>
    name === undefined || known.includes(name)
      ? []
      : [
          {
            ...{ path: `workers.actions.${kind}`, rule: 'the name of a class', value: shown(name) },
            hint: didYouMean(name, known),
          },
        ],
  );
}
