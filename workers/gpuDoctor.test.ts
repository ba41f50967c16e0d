import assert from 'node:assert/strict';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withFolder } from '../test/harness.js';
import { gpuFinding } from './gpuDoctor.js';

const ON_CUDA = 'torch 2.8.0 transformers 5.0 trl 1.0 device cuda (chosen)';
const ON_CPU = 'torch 2.8.0+cpu transformers 5.0 trl 1.0 device cpu (this build of torch has no CUDA)';

/** A PATH with a `nvidia-smi` of this shell script; null: without one. */
async function withDriver<T>(script: string | null, use: (path: string) => Promise<T>): Promise<T> {
  return withFolder(async (folder) => {
    if (script !== null) {
      const file = join(folder, 'nvidia-smi');
      await writeFile(file, `#!/bin/sh\n${script}\n`);
      await chmod(file, 0o755);
    }
    return use(folder);
  });
}

describe('the doctor looks at the GPUs', () => {
  it('and says their memory and driver', async () => {
    const two = "printf '0, NVIDIA H100 80GB HBM3, 550.54, 81559, 8156\\n1, NVIDIA L4, 550.54, 23034, 0\\n'";
    const finding = await withDriver(two, (path) => gpuFinding({ device: 'auto', path }, ON_CUDA));
    assert.equal(finding.ok, true);
    assert.equal(
      finding.found,
      '0: NVIDIA H100 80GB HBM3, 85.5 GB (10 % in use), driver 550.54; 1: NVIDIA L4, 24.2 GB (0 % in use), driver 550.54',
    );
  });

  it('and says so when PyTorch does not use them, unless that is meant', async () => {
    const one = "echo '0, NVIDIA L4, 550.54, 23034, 0'";
    const unused = await withDriver(one, (path) => gpuFinding({ device: 'auto', path }, ON_CPU));
    assert.equal(unused.ok, false);
    assert.match(unused.found, /but PyTorch would compute on the CPU \(.*no CUDA\)/);
    assert.match(unused.fix, /LAMDAGENT_DEVICE=cpu/);
    const meant = await withDriver(one, (path) => gpuFinding({ device: 'cpu', path }, ON_CPU));
    assert.equal(meant.ok, true);
  });

  it('and finds none in order, unless LAMDAGENT_DEVICE asks for one', async () => {
    const none = await withDriver(null, (path) => gpuFinding({ device: 'auto', path }, ON_CPU));
    assert.deepEqual([none.ok, none.found], [true, 'none of NVIDIA (no nvidia-smi)']);
    const wanted = await withDriver(null, (path) => gpuFinding({ device: 'cuda', path }, ON_CPU));
    assert.equal(wanted.ok, false);
    assert.match(wanted.found, /LAMDAGENT_DEVICE is cuda/);
  });

  it('and tells a driver that fails', async () => {
    const broken = 'echo "Failed to initialize NVML: Driver/library version mismatch" >&2; exit 18';
    const finding = await withDriver(broken, (path) => gpuFinding({ device: 'auto', path }, ON_CPU));
    assert.equal(finding.ok, false);
    assert.match(finding.found, /Driver\/library version mismatch/);
    assert.match(finding.fix, /reboot/);
  });
});
