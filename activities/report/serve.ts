import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Store } from '../store/store.js';
import { ledgerVersion } from './version.js';
import { reportPage } from './write.js';

/** A running server of one exploration's report. */
export interface ReportServer {
  /** `http://127.0.0.1:<port>/`. */
  readonly url: string;
  /** Ends open connections too. */
  close(): Promise<void>;
}
export interface ServeOptions {
  /** 0: any that is free. */
  readonly port: number;
  /** How often the ledger is looked at while a page is open, in milliseconds. */
  readonly lookEveryMs?: number;
}

const HOST = '127.0.0.1';
const LOOK_EVERY_MS = 2000;
const HEADERS = {
  'Cache-Control': 'no-cache',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
} as const;

/**
 * Serves the report on loopback: `GET /` is the page, with the ledger's version as its ETag; `GET /events` tells of
 * changes (server-sent events). Only requests that name this server as their host are answered, so that no web page
 * can read it under a name of its own (DNS rebinding). Throws what `listen` throws, such as EADDRINUSE.
 */
export async function serveReport(store: Store, name: string, options: ServeOptions): Promise<ReportServer> {
  const { port, lookEveryMs = LOOK_EVERY_MS } = options;
  const serving: Serving = {
    page: pageCache(store, name),
    version: () => ledgerVersion(store, name),
    listeners: new Map(),
  };
  const server = createServer((request, response) => {
    answer(request, response, serving).catch((error: unknown) => {
      fail(response, 500, `report of ${name}: expected to read it from the store, got ${String(error)}`);
    });
  });
  await listening(server, port);
  const stopLooking = tellOfChanges(serving, lookEveryMs);
  return {
    url: `http://${HOST}:${String((server.address() as AddressInfo).port)}/`,
    close: async () => {
      stopLooking();
      const closed = new Promise<void>((resolve) =>
        server.close(() => {
          resolve();
        }),
      );
      server.closeAllConnections();
      await closed;
    },
  };
}

interface Serving {
  readonly page: () => Promise<Page | null>;
  readonly version: () => Promise<string | null>;
  /** Open event streams, and the version that each was told of last. */
  readonly listeners: Map<ServerResponse, string | null>;
}
interface Page {
  readonly version: string;
  readonly text: string;
}

/** The page of the ledger's present version, rendered once however many ask for it. */
function pageCache(store: Store, name: string): () => Promise<Page | null> {
  let cached: { readonly version: string; readonly page: Promise<Page | null> } | null = null;
  return async () => {
    const version = await ledgerVersion(store, name);
    if (version === null) return null;
    if (cached?.version !== version) {
      const page = reportPage(store, name, { isLive: true }).then((text) =>
        text === null ? null : { version, text },
      );
      cached = { version, page };
      page.catch(() => {
        cached = null;
      });
    }
    return cached.page;
  };
}

function listening(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, HOST, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function answer(request: IncomingMessage, response: ServerResponse, serving: Serving): Promise<void> {
  const { method = '', url = '', headers } = request;
  const port = request.socket.localPort ?? 0;
  if (![`${HOST}:${String(port)}`, `localhost:${String(port)}`].includes(headers.host ?? ''))
    return fail(response, 421, `host: expected ${HOST}:${String(port)}, got another one`);
  if (method !== 'GET' && method !== 'HEAD')
    return fail(response, 405, `method: expected GET, got ${method}`);
  if (url === '/events') return listen(response, serving);
  if (url !== '/') return fail(response, 404, `path: expected / or /events, got ${url}`);
  const found = await serving.page();
  if (found === null) return fail(response, 404, 'exploration: expected it in the store, got none');
  const etag = `"${found.version}"`;
  if (headers['if-none-match'] === etag) {
    response.writeHead(304, { ...HEADERS, ETag: etag }).end();
    return;
  }
  response.writeHead(200, { ...HEADERS, ETag: etag, 'Content-Type': 'text/html; charset=utf-8' });
  response.end(method === 'HEAD' ? undefined : found.text);
}

/** Remembers what the listener knows: it asks for the page once more when it is connected. */
async function listen(response: ServerResponse, { version, listeners }: Serving): Promise<void> {
  const known = await version();
  response.writeHead(200, { ...HEADERS, 'Content-Type': 'text/event-stream' });
  response.write(': follows the ledger\n\n');
  listeners.set(response, known);
  response.on('close', () => listeners.delete(response));
}

function fail(response: ServerResponse, status: number, text: string): void {
  if (response.headersSent) {
    response.end();
    return;
  }
  response.writeHead(status, { ...HEADERS, 'Content-Type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
}

/** Looks while somebody listens, never twice at once; a look that fails is made again. Returns how to stop. */
function tellOfChanges({ version, listeners }: Serving, everyMs: number): () => void {
  let isLooking = false;
  const look = async (): Promise<void> => {
    const now = await version();
    for (const [one, known] of listeners)
      if (now !== null && now !== known) {
        listeners.set(one, now);
        one.write(`event: changed\ndata: ${now}\n\n`);
      }
  };
  const timer = setInterval(() => {
    if (isLooking || listeners.size === 0) return;
    isLooking = true;
    void look()
      .catch(() => undefined)
      .finally(() => {
        isLooking = false;
      });
  }, everyMs);
  return () => {
    clearInterval(timer);
  };
}
