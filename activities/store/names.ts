import { resolve, sep } from 'node:path';

const STAGE_ID = /^[0-9a-f]{64}$/;
const KEY_PART = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** An object's manifest; its name belongs to no file of the object. */
export const MANIFEST = 'manifest.json';

/** Whether the text may stand between the slashes of a key. */
export function isKeyPart(text: string): boolean {
  return KEY_PART.test(text);
}

/** The key itself; keys that would leave the store are refused. */
export function checkedKey(key: string): string {
  if (key.split('/').every(isKeyPart)) return key;
  throw new Error(`store key: expected plain names between slashes, got ${JSON.stringify(key)}`);
}

export function isStageId(text: string): boolean {
  return STAGE_ID.test(text);
}

/** The stage id itself, when it is one. */
export function checkedId(stageId: string): string {
  if (STAGE_ID.test(stageId)) return stageId;
  throw new Error(`stage id: expected 64 hexadecimal digits, got ${JSON.stringify(stageId)}`);
}

/** The place of an object's file in the object's folder; paths that would leave it, and the manifest's, are refused. */
export function fileInside(folder: string, path: string): string {
  const absolute = resolve(folder, path);
  if (!absolute.startsWith(folder + sep))
    throw new Error(`object file: expected a path inside the object, got ${JSON.stringify(path)}`);
  if (absolute === resolve(folder, MANIFEST))
    throw new Error(`object file: expected another name than ${MANIFEST}`);
  return absolute;
}
