import { table } from '../../cli/table.js';
import { copyCode } from './code.js';
import { PLANTS, type Plant } from './plants.js';

interface Caught {
  readonly plant: Plant;
  /** What caught it; null: nothing did. */
  readonly by: string | null;
}

/** Plants each bug in a copy of the package and runs its part of the matrix. Prints promise, bug, caught by. */
export async function runPlants(wanted: string, say: (line: string) => void): Promise<number> {
  const clean = copyCode();
  const caught: Caught[] = [];
  const plants = PLANTS.filter(
    ({ promise, bug }) => wanted === 'all' || promise === wanted || bug.includes(wanted),
  );
  try {
    for (const plant of plants) {
      say(`${plant.promise}: ${plant.bug}`);
      caught.push(await tryPlant(plant, clean.root, say));
    }
  } finally {
    clean.remove();
  }
  const rows = caught.map(({ plant, by }) => [plant.promise, plant.bug, by ?? 'NOTHING']);
  console.log(`\n${table(['promise', 'planted bug', 'caught by'], rows).join('\n')}\n`);
  const missed = caught.filter(({ by }) => by === null).length;
  console.log(`${String(caught.length - missed)} passed, ${String(missed)} failed`);
  return missed > 0 || caught.length === 0 ? 1 : 0;
}

async function tryPlant(plant: Plant, clean: string, say: (line: string) => void): Promise<Caught> {
  const code = copyCode(plant.mutations);
  const quiet = (): void => undefined;
  try {
    const items = await plant.run({ code: code.root, say: quiet }, { code: clean, say: quiet }, say);
    const broken = items.flatMap((item) => item.broken.map((line) => `${item.fault}: ${line}`));
    const by = broken.find((line) => plant.caughtBy.test(line));
    return { plant, by: by === undefined ? null : by.slice(0, 160) };
  } finally {
    code.remove();
  }
}
