import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { formatBytes } from '../domain/bytes.js';
import type { Finding } from './doctor.js';
import { childEnvironment, type Environment } from './env.js';
import { messageOf } from './fault.js';

const run = promisify(execFile);
const ANSWER_MS = 20_000;
const MIB = 2 ** 20;
const FIELDS = ['index', 'name', 'driver_version', 'memory.total', 'memory.used'] as const;
const DRIVER = "Install NVIDIA's driver, or set LAMDAGENT_DEVICE=auto to compute on what is there.";
const BROKEN =
  'Load or install the driver anew (often a reboot after its upgrade is all), until `nvidia-smi` answers.';
const UNUSED =
  'Install the build of PyTorch for this driver (docs/gpu.md), or set LAMDAGENT_DEVICE=cpu to say that it is meant.';

/** What NVIDIA's driver shows. `libraries`: where the training libraries would compute, in their words. */
export async function gpuFinding(
  { device, path }: Pick<Environment, 'device' | 'path'>,
  libraries: string,
): Promise<Finding> {
  const check = 'GPU';
  try {
    const args = [`--query-gpu=${FIELDS.join(',')}`, '--format=csv,noheader,nounits'];
    const options = { timeout: ANSWER_MS, env: childEnvironment({ PATH: path }) };
    const { stdout } = await run('nvidia-smi', args, options);
    const found = stdout.trim().split('\n').map(cardText).join('; ');
    const isUnused = device === 'auto' && /\bdevice cpu\b/.test(libraries);
    const but = isUnused ? `; but PyTorch would compute on the CPU (${libraries})` : '';
    return { check, ok: !isUnused, found: `${found}${but}`, fix: UNUSED };
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (!isMissing) return { check, ok: false, found: `nvidia-smi: ${messageOf(error).trim()}`, fix: BROKEN };
    const wanted = device === 'cuda';
    const none = `none of NVIDIA (no nvidia-smi)${wanted ? ', and LAMDAGENT_DEVICE is cuda' : ''}`;
    return { check, ok: !wanted, found: none, fix: DRIVER };
  }
}

/** `0, NVIDIA H100 80GB HBM3, 550.54, 81559, 4` → `0: NVIDIA H100 80GB HBM3, 85.5 GB (0 % in use), driver 550.54`. */
function cardText(line: string): string {
  const [index = '', name = '', driver = '', total = '', used = ''] = line
    .split(',')
    .map((one) => one.trim());
  const bytes = Number(total) * MIB;
  const share = (100 * Number(used)) / Number(total);
  const memory =
    Number.isFinite(bytes) && bytes > 0 ? `${formatBytes(bytes)} (${share.toFixed(0)} % in use)` : total;
  return `${index}: ${name}, ${memory}, driver ${driver}`;
}
