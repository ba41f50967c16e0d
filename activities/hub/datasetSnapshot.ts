import { createWriteStream } from 'node:fs';
import { rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { sha256Hex } from '../../domain/stage.js';
import { didYouMean } from '../spec/faults.js';
import { readDataset } from '../spec/formats/formats.js';
import { absentAsNull } from '../store/durable.js';
import { HubFault, type HubAccess, type Snapshot } from './access.js';
import { downloaded, snapshotFolder } from './download.js';
import { filesOf, type HubFile } from './repository.js';
import { filesOfSplit, isDataFile } from './splitFiles.js';

/** Which rows of a repository. */
export interface WantedRows {
  readonly file?: string | undefined;
  readonly split?: string | undefined;
  readonly config?: string | undefined;
}

/** The path of a file with the rows: the repository's own, or one JSONL of the parts that a split has. */
export async function datasetSnapshot(
  access: HubAccess,
  snapshot: Snapshot,
  wanted: WantedRows,
): Promise<string> {
  const files = await filesOf(access, snapshot);
  const chosen = wanted.file === undefined ? filesOfSplit(files, wanted) : [named(files, wanted.file)];
  const paths: string[] = [];
  for (const file of chosen) paths.push(await downloaded(access, snapshot, file));
  const [only] = paths;
  return paths.length === 1 && only !== undefined ? only : joined(snapshotFolder(access, snapshot), paths);
}

function named(files: readonly HubFile[], wanted: string): HubFile {
  const file = files.find(({ path }) => path === wanted);
  if (file !== undefined) return file;
  const data = files.map(({ path }) => path).filter(isDataFile);
  throw new HubFault('a file of the repository', wanted, didYouMean(wanted, data));
}

/** Parts one after the other, in the order of their names. */
async function joined(folder: string, paths: readonly string[]): Promise<string> {
  const target = join(folder, `joined-${sha256Hex(paths.join('\n')).slice(0, 16)}.jsonl`);
  if ((await absentAsNull(stat(target))) !== null) return target;
  const rows = async function* (): AsyncGenerator<string> {
    for (const path of paths)
      for await (const { row } of readDataset(path, ({ rule, value }) => {
        throw new HubFault(rule, `${value} in ${path}`, '');
      }))
        yield `${JSON.stringify(row)}\n`;
  };
  await pipeline(rows(), createWriteStream(`${target}.part`));
  await rename(`${target}.part`, target);
  return target;
}
