/**
 * How often a spot GPU is taken away, from preemption traces that were recorded on AWS (p3.2xlarge, one V100; Wu et al.,
 * "Can't Be Late", NSDI 2024; github.com/skypilot-org/spot-traces at 221da1a). Counted from the files named: preemptions are
 * falls of the number of instances, hours are those in which an instance was there.
 */
export interface Rate {
  readonly name: string;
  readonly file: string;
  readonly preemptions: number;
  readonly instanceHours: number;
}

/** The calmest and the most restless single zone of the traces with GPUs, and one in between. */
export const RATES: readonly Rate[] = [
  {
    name: 'calm',
    file: 'preemption/4-node/aws-08-03-2023/us-east-2a_v100_1.json',
    ...{ preemptions: 75, instanceHours: 1250.1 },
  },
  {
    name: 'usual',
    file: 'preemption/1-node/aws-04-22-2023/us-west-2b_v100_1.json',
    ...{ preemptions: 44, instanceHours: 140.7 },
  },
  {
    name: 'restless',
    file: 'preemption/1-node/aws-04-22-2023/us-east-1c_v100_1.json',
    ...{ preemptions: 41, instanceHours: 55.8 },
  },
];

/** Preemptions of one GPU in an hour. */
export function perHour({ preemptions, instanceHours }: Rate): number {
  return preemptions / instanceHours;
}
