import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What one repository holds, and how it may be reached. */
export interface TestRepository {
  readonly files: Readonly<Record<string, string | Buffer>>;
  /** Files from this size on are large ones: served by the other host, with a SHA-256. */
  readonly largeFrom?: number;
  readonly access?: 'gated' | 'private';
}
export interface TestHub {
  readonly endpoint: string;
  /** `<host> <path> <status> <range> <authorization>` of every request. */
  readonly seen: string[];
  /** What the next answers shall be like instead. */
  readonly faults: {
    /** Answers of the API with this status. */
    status: number[];
    /** Downloads that end after so many bytes. */
    cutAfter: number[];
    /** Downloads with a changed byte. */
    damaged: number;
    /** The other host knows no ranges. */
    ignoresRanges: boolean;
  };
  commits: Record<string, string>;
  close(): Promise<void>;
}

export const COMMIT_A = 'a'.repeat(40);
export const TOKEN = 'hf_canary-token';

/** A loopback hub with the Hugging Face Hub's paths, and a second host to which large files are redirected. */
export async function openTestHub(repositories: Readonly<Record<string, TestRepository>>): Promise<TestHub> {
  const seen: string[] = [];
  const faults: TestHub['faults'] = { status: [], cutAfter: [], damaged: 0, ignoresRanges: false };
  const commits: Record<string, string> = { main: COMMIT_A, v1: COMMIT_A };
  const note = (host: string, { url = '', headers }: IncomingMessage, status: number): void => {
    seen.push(
      [host, url.split('?')[0], status, headers.range ?? '-', headers.authorization ?? '-'].join(' '),
    );
  };
  const bytesOf = (content: string | Buffer): Buffer => Buffer.from(content);

  const cdn = await listening((request, response) => {
    const [, repository = '', path = ''] = /^\/(.+?)\/-\/(.+)\?signature=1$/.exec(request.url ?? '') ?? [];
    const content = repositories[repository]?.files[decodeURIComponent(path)];
    if (content === undefined) return end(response, 404, { note: () => note('cdn', request, 404) });
    const damaged = Buffer.from(bytesOf(content));
    if (faults.damaged > 0) {
      faults.damaged -= 1;
      damaged[0] = (damaged[0] ?? 0) ^ 1;
    }
    const status = send(response, damaged, {
      range: faults.ignoresRanges ? undefined : request.headers.range,
      cutAfter: faults.cutAfter.shift(),
    });
    note('cdn', request, status);
  });

  const hub = await listening((request, response) => {
    const url = new URL(request.url ?? '', 'http://hub');
    const planned = faults.status.shift();
    const done = (
      status: number,
      body: unknown = {},
      headers: Readonly<Record<string, string>> = {},
    ): void => {
      note('hub', request, status);
      response
        .writeHead(status, { 'content-type': 'application/json', ...headers })
        .end(JSON.stringify(body));
    };
    if (planned !== undefined) return done(planned, { error: 'planned' }, { 'retry-after': '0' });
    const [, repository = '', rest = ''] =
      /^(?:\/api\/(?:models|datasets)|\/datasets|)\/([\w.-]+\/[\w.-]+)\/(.*)$/.exec(url.pathname) ?? [];
    const found = repositories[repository];
    const isKnown = request.headers.authorization === `Bearer ${TOKEN}`;
    if (found === undefined || (found.access === 'private' && !isKnown))
      return done(401, {}, { 'x-error-code': 'RepoNotFound' });
    const [what = '', revision = '', ...parts] = rest.split('/').map(decodeURIComponent);
    const commit = /^[0-9a-f]{40}$/.test(revision) ? revision : commits[revision];
    if (commit === undefined) return done(404, {}, { 'x-error-code': 'RevisionNotFound' });
    if (what === 'revision') return done(200, { sha: commit, id: repository, siblings: [] });
    if (what === 'tree') return listing(found, { url, done });
    if (found.access === 'gated' && !isKnown) return done(403, {}, { 'x-error-code': 'GatedRepo' });
    const path = parts.join('/');
    const content = found.files[path];
    if (content === undefined) return done(404, {}, { 'x-error-code': 'EntryNotFound' });
    if (isLarge(found, content)) {
      const location = `${cdn.address}/${repository}/-/${encodeURIComponent(path)}?signature=1`;
      return done(302, {}, { location });
    }
    const status = send(response, bytesOf(content), { range: request.headers.range, cutAfter: undefined });
    note('hub', request, status);
  });

  /** Two files a page. */
  function listing(
    found: TestRepository,
    {
      url,
      done,
    }: {
      url: URL;
      done: (status: number, body: unknown, headers?: Readonly<Record<string, string>>) => void;
    },
  ): void {
    const all = Object.entries(found.files).map(([path, content]) =>
      entry(path, content, isLarge(found, content)),
    );
    const start = Number(url.searchParams.get('cursor') ?? 0);
    const folder = { type: 'directory', path: 'data', size: 0, oid: '0' };
    const next = `<${hub.address}${url.pathname}?recursive=true&cursor=${String(start + 2)}>; rel="next"`;
    const page = all.slice(start, start + 2);
    done(200, start === 0 ? [folder, ...page] : page, start + 2 < all.length ? { link: next } : {});
  }

  return {
    endpoint: hub.address,
    seen,
    faults,
    commits,
    close: async () => {
      for (const { server } of [hub, cdn]) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
}

function isLarge({ largeFrom = Infinity }: TestRepository, content: string | Buffer): boolean {
  return Buffer.byteLength(content) >= largeFrom;
}

function entry(path: string, content: string | Buffer, large: boolean): object {
  const bytes = Buffer.from(content);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const pointer = Buffer.from(`version 1\noid sha256:${sha256}\n`);
  const blob = large ? pointer : bytes;
  const oid = createHash('sha1')
    .update(`blob ${String(blob.length)}\0`)
    .update(blob)
    .digest('hex');
  const lfs = { oid: sha256, size: bytes.length, pointerSize: pointer.length };
  return { type: 'file', path, size: bytes.length, oid, ...(large ? { lfs } : {}) };
}

function send(
  response: ServerResponse,
  content: Buffer,
  { range, cutAfter }: { readonly range: string | undefined; readonly cutAfter: number | undefined },
): number {
  const start = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? Number.NaN);
  const isPart = Number.isInteger(start);
  const status = !isPart ? 200 : start < content.length ? 206 : 416;
  const body = status === 416 ? Buffer.alloc(0) : content.subarray(isPart ? start : 0);
  const of = `bytes ${String(start)}-${String(content.length - 1)}/${String(content.length)}`;
  response.writeHead(status, {
    'content-length': body.length,
    ...(status === 206 ? { 'content-range': of } : {}),
  });
  if (cutAfter === undefined) response.end(body);
  else response.write(body.subarray(0, cutAfter), () => setTimeout(() => response.destroy(), 100));
  return status;
}

function end(response: ServerResponse, status: number, { note }: { readonly note: () => void }): void {
  note();
  response.writeHead(status).end();
}

async function listening(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ readonly server: Server; readonly address: string }> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, address: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}` };
}
