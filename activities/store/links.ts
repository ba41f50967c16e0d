import { realpath } from 'node:fs/promises';
import { sep } from 'node:path';
import { absentAsNull } from './durable.js';

/** Throws when a link leads out of the folder. A file that isn't there is the next check's fault. */
export async function requireInside(folder: string, path: string): Promise<void> {
  const [root, target] = await Promise.all([absentAsNull(realpath(folder)), absentAsNull(realpath(path))]);
  if (root === null || target === null || target.startsWith(root + sep)) return;
  throw new Error(`object file: expected a path inside the object, got a link out of it: ${path}`);
}
