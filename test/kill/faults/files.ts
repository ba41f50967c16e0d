import { cpSync, existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from '../../../domain/random.js';
import { unlessEnded, type Fault, type Target } from '../fault.js';
import { training } from '../progress.js';
import type { World } from '../world.js';

/** Checkpoints that must never be loaded, planted while the worker is down. */
export const plantedFiles: readonly Fault[] = [
  planted('a torn checkpoint', 'P4', (newest, random) => tear(newest, random)),
  planted('a checkpoint with a changed byte', 'P4', (newest, random) => flip(newest, random)),
  planted('a checkpoint under a higher step', 'P4', (newest) => {
    const higher = stepFolder(newest, 1000);
    cpSync(newest, higher, { recursive: true });
    return `${newest} as step 1000`;
  }),
  {
    name: "another stage's checkpoint",
    ...{ promise: 'P4', needs: 'training', intervals: 1 },
    inject: async (target) => {
      const { world } = target;
      const first = await newestOf(target, null);
      if (first === null) return null;
      const aside = join(world.home.folder, 'aside');
      if (!existsSync(aside)) cpSync(first.folder, aside, { recursive: true });
      const stranger = manifestOf(aside).stageId;
      const later = await newestOf(target, stranger);
      if (later === null) return null;
      const at = Date.now();
      await world.gpuWorker.crash();
      cpSync(aside, stepFolder(later.folder, 1000), { recursive: true });
      world.gpuWorker.start();
      return { at, note: `of ${stranger.slice(0, 8)} for ${later.stageId.slice(0, 8)}` };
    },
  },
];

interface Newest {
  readonly stageId: string;
  readonly folder: string;
}

function planted(
  name: string,
  promise: Fault['promise'],
  plant: (newest: string, random: Random) => string,
): Fault {
  return {
    ...{ name, promise, needs: 'training', intervals: 2 },
    inject: async (target) => {
      const { world } = target;
      const found = await newestOf(target, null);
      if (found === null) return null;
      const at = Date.now();
      await world.gpuWorker.crash();
      const newest = newestIn(world, found.stageId);
      const note = newest === null ? 'published meanwhile' : plant(newest, target.random);
      world.gpuWorker.start();
      return { at, note: note.replace(world.home.folder, '') };
    },
  };
}

/** The newest checkpoint of the stage in training, once it has one; not one of `except`. */
async function newestOf(target: Target, except: string | null): Promise<Newest | null> {
  const { world, name } = target;
  return unlessEnded(target, 'a checkpoint', async () => {
    const stage = training(await world.mark(name));
    if (stage === null || stage.stageId === except) return null;
    const folder = newestIn(world, stage.stageId);
    return folder === null ? null : { stageId: stage.stageId, folder };
  });
}

function newestIn({ localRoot }: World, stageId: string): string | null {
  const folder = join(localRoot, 'work', stageId, 'checkpoints');
  const steps = existsSync(folder) ? readdirSync(folder).filter((name) => /^\d{8}$/.test(name)) : [];
  const last = steps.sort().at(-1);
  return last === undefined ? null : join(folder, last);
}

function stepFolder(checkpoint: string, step: number): string {
  return join(checkpoint, '..', String(step).padStart(8, '0'));
}

/** Half of one file is missing, as after a power cut. */
function tear(checkpoint: string, random: Random): string {
  const file = draw(checkpoint, random);
  truncateSync(file, Math.floor(readFileSync(file).length / 2));
  return `${file} cut in half`;
}

/** One bit is another, as from a bad disk: the file still loads. */
function flip(checkpoint: string, random: Random): string {
  const file = join(checkpoint, 'model.safetensors');
  const bytes = readFileSync(file);
  // In the last tensor's bytes, far from the header.
  const at = bytes.length - 1 - random.integer(1000);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 0x40, at);
  writeFileSync(file, bytes);
  return `byte ${String(at)} of ${file}`;
}

function draw(checkpoint: string, random: Random): string {
  const files = readdirSync(checkpoint).sort();
  return join(checkpoint, random.pick(files) ?? 'manifest.json');
}

function manifestOf(checkpoint: string): { readonly stageId: string } {
  return JSON.parse(readFileSync(join(checkpoint, 'manifest.json'), 'utf8')) as { stageId: string };
}
