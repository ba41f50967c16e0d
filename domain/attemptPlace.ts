import type { Attempt } from './outcome.js';

/** Where an attempt ran: `host:1 (cpu)`, `host:2 (large, cuda: NVIDIA H100 80GB HBM3, …)`. */
export function placeText({ worker, ...where }: Pick<Attempt, 'worker' | 'device' | 'gpuClass'>): string {
  return `${worker} (${deviceText(where)})`;
}

/** The device, after its class where it has one. */
export function deviceText({ device, gpuClass }: Pick<Attempt, 'device' | 'gpuClass'>): string {
  return gpuClass ? `${gpuClass}, ${device}` : device;
}
