import { z } from 'zod';
import { HubFault, type HubAccess, type Repository, type Snapshot } from './access.js';
import { getJson } from './request.js';

/** A file of a repository, as its listing has it. */
export interface HubFile {
  readonly path: string;
  readonly bytes: number;
  /** The id of its Git blob, SHA-1; of a large file, its pointer's. */
  readonly oid: string;
  /** Of a large file. */
  readonly sha256: string | null;
}

export const COMMIT = /^[0-9a-f]{40}$/;
/** Files of a listing, and pages: repositories of models and data have far fewer. */
const MOST_PAGES = 1000;

const InfoSchema = z.object({ sha: z.string().regex(COMMIT) });
const EntrySchema = z.object({
  type: z.string(),
  path: z.string(),
  size: z.int().min(0),
  oid: z.string(),
  lfs: z.object({ oid: z.string().regex(/^[0-9a-f]{64}$/), size: z.int().min(0) }).nullish(),
});

/** The commit that a tag or branch means now; the head of the main branch when none is named. */
export async function commitOf(
  access: HubAccess,
  { kind, id }: Repository,
  revision: string | undefined,
): Promise<string> {
  const { body } = await getJson(
    access,
    `/api/${kind}/${id}/revision/${encodeURIComponent(revision ?? 'main')}`,
  );
  return parsed(InfoSchema, body).sha;
}

/** All files at the commit. */
export async function filesOf(
  access: HubAccess,
  { kind, id, commit }: Snapshot,
): Promise<readonly HubFile[]> {
  const files: HubFile[] = [];
  let path: string | null = `/api/${kind}/${id}/tree/${commit}?recursive=true`;
  for (let pages = 0; path !== null && pages < MOST_PAGES; pages += 1) {
    const page: Awaited<ReturnType<typeof getJson>> = await getJson(access, path);
    for (const { type, path: name, size, oid, lfs } of parsed(z.array(EntrySchema), page.body))
      if (type === 'file')
        files.push({ path: name, bytes: lfs?.size ?? size, oid, sha256: lfs?.oid ?? null });
    path = page.next;
  }
  return files;
}

function parsed<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const where = result.error.issues[0]?.path.join('.') ?? '';
  throw new HubFault(
    'an answer as the Hugging Face Hub gives it',
    `another one (${where})`,
    'Check HF_ENDPOINT.',
  );
}
