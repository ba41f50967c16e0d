import { setTimeout as sleep } from 'node:timers/promises';
import { HubFault, type HubAccess } from './access.js';

/** Tries of one request, and redirects that it follows. */
const TRIES = 6;
const REDIRECTS = 5;
const LONGEST_PAUSE_MS = 60_000;

/** A failure that another try may mend: the connection, a limit of requests, the server's own. */
export class HubUnreachable extends Error {
  override readonly name = 'HubUnreachable';
  constructor(
    message: string,
    /** What the server asks for; null: nothing. */
    readonly pauseMs: number | null = null,
  ) {
    super(message);
  }
}

/** The answer to a GET of a path of the hub, 200 or 206, or 416 where a range was asked for. Throws HubFault, HubUnreachable. */
export async function getFromHub(
  access: HubAccess,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const endpoint = new URL(access.endpoint);
  let url = new URL(`${access.endpoint}${path}`);
  for (let hops = 0; hops <= REDIRECTS; hops += 1) {
    const authorization =
      url.origin === endpoint.origin && access.token !== null
        ? { authorization: `Bearer ${access.token}` }
        : {};
    const response = await fetch(url, {
      headers: { ...headers, ...authorization },
      redirect: 'manual',
    }).catch((error: unknown) => {
      throw new HubUnreachable(`${url.origin}: expected an answer, got ${causeOf(error)}`);
    });
    const location = response.headers.get('location');
    if (response.status < 300 || response.status >= 400 || location === null) return checked(response, url);
    await response.body?.cancel();
    url = new URL(location, url);
    if (endpoint.protocol === 'https:' && url.protocol !== 'https:')
      throw new HubFault(
        'redirects to https',
        url.protocol,
        'The hub, or what stands between, is not to be trusted.',
      );
  }
  throw new HubUnreachable(
    `${endpoint.origin}${path}: expected at most ${String(REDIRECTS)} redirects, got more`,
  );
}

/** Repeats what may get better, with growing pauses. */
export async function persistently<T>({ pauseMs }: HubAccess, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1)
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof HubUnreachable) || attempt === TRIES) throw error;
      await sleep(Math.min(LONGEST_PAUSE_MS, error.pauseMs ?? pauseMs * 2 ** (attempt - 1)));
    }
}

export async function getJson(
  access: HubAccess,
  path: string,
): Promise<{ readonly body: unknown; readonly next: string | null }> {
  return persistently(access, async () => {
    const response = await getFromHub(access, path, { accept: 'application/json' });
    const body: unknown = await response.json().catch((error: unknown) => {
      throw new HubUnreachable(`${access.endpoint}${path}: expected JSON, got ${causeOf(error)}`);
    });
    return { body, next: nextPage(access, response.headers.get('link')) };
  });
}

async function checked(response: Response, url: URL): Promise<Response> {
  const { status, headers } = response;
  if (status === 200 || status === 206 || status === 416) return response;
  await response.body?.cancel();
  const code = headers.get('x-error-code') ?? '';
  if (status === 429 || status >= 500) {
    const seconds = Number(headers.get('retry-after') ?? Number.NaN);
    throw new HubUnreachable(
      `${url.origin}: got status ${String(status)}`,
      Number.isFinite(seconds) ? seconds * 1000 : null,
    );
  }
  throw faultOf(status, code);
}

/** The hub hides what a token may not see behind 401 and 404. */
function faultOf(status: number, code: string): HubFault {
  const value = `status ${String(status)}${code === '' ? '' : ` (${code})`}`;
  if (code === 'GatedRepo' || status === 403)
    return new HubFault(
      'access to the repository',
      value,
      'Accept its terms on its page, and set HF_TOKEN for the orchestrator.',
    );
  if (code === 'RevisionNotFound')
    return new HubFault('a commit, tag or branch of the repository', value, 'Check revision.');
  if (code === 'EntryNotFound') return new HubFault('a file of the repository', value, 'Check its path.');
  return new HubFault(
    'a repository that this hub shows',
    value,
    'Check the name; a private one needs HF_TOKEN for the orchestrator, and another hub HF_ENDPOINT.',
  );
}

/** Pages of a listing follow each other by `Link: <…>; rel="next"`; only the hub's own are followed. */
function nextPage({ endpoint }: HubAccess, link: string | null): string | null {
  const [, address] = /<([^>]+)>;\s*rel="?next"?/.exec(link ?? '') ?? [];
  if (address === undefined || !URL.canParse(address, endpoint)) return null;
  const url = new URL(address, endpoint);
  if (url.origin !== new URL(endpoint).origin) return null;
  const base = new URL(endpoint).pathname.replace(/\/$/, '');
  return `${url.pathname.slice(base.length)}${url.search}`;
}

export function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message || error.cause.name : error.message;
}
