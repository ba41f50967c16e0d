import { HubFault } from './access.js';
import type { HubFile } from './repository.js';

const ENDS = ['.parquet', '.jsonl', '.jsonl.gz', '.json.gz', '.json', '.csv', '.tsv'] as const;
const USUAL_SPLIT = 'train';

export function isDataFile(path: string): boolean {
  return endOf(path) !== undefined;
}

/**
 * The files of a split, by their names: `data/train-00000-of-00002.parquet`, `main/train.jsonl`, `train/0000.parquet`. They
 * must be of one folder and one format; a repository with several (configurations) is asked for by `config`, the folder.
 */
export function filesOfSplit(
  files: readonly HubFile[],
  {
    split = USUAL_SPLIT,
    config,
  }: { readonly split?: string | undefined; readonly config?: string | undefined },
): readonly HubFile[] {
  const data = files.filter(({ path }) => isDataFile(path));
  const found = data
    .filter(({ path }) => wordsOf(path).includes(split))
    .filter(({ path }) => config === undefined || path.split('/').slice(0, -1).includes(config))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  const shown = (some: readonly HubFile[]): string =>
    some
      .slice(0, 8)
      .map(({ path }) => path)
      .join(', ') || 'none';
  if (found.length === 0)
    throw new HubFault(
      `files of the split ${split}${config === undefined ? '' : ` in ${config}`}`,
      shown(data),
      'Name another split, or a file.',
    );
  if (new Set(found.map(({ path }) => `${folderOf(path)} ${endOf(path) ?? ''}`)).size > 1)
    throw new HubFault(
      `files of the split ${split} in one folder and format`,
      shown(found),
      'Name config (the folder), or a file.',
    );
  return found;
}

function endOf(path: string): string | undefined {
  return ENDS.find((end) => path.toLowerCase().endsWith(end));
}

function folderOf(path: string): string {
  return path.split('/').slice(0, -1).join('/');
}

/** The parts of its name and of its folder's. */
function wordsOf(path: string): readonly string[] {
  return path
    .split('/')
    .slice(-2)
    .flatMap((part) => part.split(/[-.]|_(?=\d)/));
}
