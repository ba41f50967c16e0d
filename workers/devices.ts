import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { EXIT, UserFault } from './fault.js';

/** Where one worker of a host computes. */
export interface Placement {
  /** For people. */
  readonly name: string;
  /** What it may see of the host's GPUs, as CUDA_VISIBLE_DEVICES has it; null: whatever is there. */
  readonly visible: string | null;
}

/** What the command line says of the workers of one host. */
export interface Placing {
  /** auto, cuda, mps or cpu. */
  readonly device: string;
  readonly devices?: readonly string[];
  readonly count?: number;
}

/** What is known of the host. */
export interface Host {
  /** CUDA_VISIBLE_DEVICES as it is set; null: it isn't. */
  readonly visible: string | null;
  /** GPUs that NVIDIA's driver shows; null: no such driver, or it doesn't say. */
  readonly gpus: number | null;
  readonly cores: number;
  /** OMP_NUM_THREADS as it is set; null: it isn't. */
  readonly threads: string | null;
}

const DRIVER = '/proc/driver/nvidia/gpus';
/** An index, or the id of a GPU or of a part of one (MIG), whole or its beginning, as nvidia-smi -L shows it. */
const DEVICE = /^(\d{1,3}|(GPU|MIG)-[0-9A-Za-z/-]+)$/;

/** `0,1,3` or `GPU-8f3a1c2e,MIG-5b1e0c44-…`, in this order. Throws UserFault. */
export function parseDevices(text: string): readonly string[] {
  const ids = text.split(',').map((one) => one.trim());
  const strange = ids.find((one) => !DEVICE.test(one));
  if (strange !== undefined)
    throw usage(
      `--devices: expected indices or ids such as 0,1 or GPU-8f3a1c2e,MIG-5b1e0c44, got "${strange}".`,
    );
  const twice = ids.find((one, index) => ids.indexOf(one) !== index);
  if (twice !== undefined) throw usage(`--devices: expected each device once, got ${twice} twice.`);
  return ids;
}

/**
 * One worker for each device named, or `count` of them: on a host with CUDA each has one device of its own, of those that
 * CUDA_VISIBLE_DEVICES allows where it is set. Neither: one worker. Throws UserFault where there are fewer devices.
 */
export function placementsOf({ device, devices, count }: Placing, host: Host): readonly Placement[] {
  const pins = device === 'auto' || device === 'cuda';
  if (devices !== undefined && count !== undefined)
    throw usage('--count: expected either this or --devices, got both.');
  if (devices !== undefined && !pins)
    throw usage(`--devices: expected --device cuda with it, got ${device}. Use --count for workers on it.`);
  if (devices === undefined && count === undefined) return [{ name: 'GPU worker', visible: null }];
  const ids = devices ?? idsOf(count ?? 1, pins, host);
  return ids.map((id) => ({ name: `GPU worker ${id}`, visible: pins ? id : null }));
}

function idsOf(count: number, pins: boolean, { visible, gpus }: Host): readonly string[] {
  const indices = Array.from({ length: count }, (_, index) => String(index));
  if (!pins) return indices;
  const allowed = visible === null ? null : visible.split(',').map((one) => one.trim());
  const there = allowed?.length ?? gpus;
  if (there !== null && count > there)
    throw usage(
      `--count: expected at most the ${String(there)} devices of ${allowed === null ? 'this host' : 'CUDA_VISIBLE_DEVICES'}, got ${String(count)}.`,
    );
  return allowed?.slice(0, count) ?? indices;
}

/**
 * Threads of each of so many workers: on the CPU one, since bit-identity depends on the number and a busy machine is far
 * slower with two; beside a GPU, where merges and data work on the CPU, its share of the cores.
 */
export function threadsOf(device: string, workers: number, { gpus, cores, threads }: Host): string {
  const hasGpu = device === 'cuda' || (device === 'auto' && (gpus ?? 0) > 0);
  if (!hasGpu) return '1';
  return threads ?? String(Math.max(1, Math.floor(cores / workers)));
}

export function hostOf(env: {
  readonly cudaVisible: string | null;
  readonly ompThreads: string | null;
}): Host {
  return {
    visible: env.cudaVisible,
    gpus: gpusOfDriver(),
    cores: availableParallelism(),
    threads: env.ompThreads,
  };
}

function gpusOfDriver(): number | null {
  try {
    return readdirSync(DRIVER).length;
  } catch {
    return null;
  }
}

function usage(message: string): UserFault {
  return new UserFault(message, EXIT.usage);
}
