import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { randomOf, type Random } from '../domain/random.js';

/**
 * What can go wrong between a client and an S3 server:
 * `error500` and `slowDown` are answers of the server, which did nothing; `reset` closes the connection and
 * `timeout` stays silent, both before the server hears of the request; `lostAnswer` lets the server do the request and
 * closes the connection instead of answering; `late` does it only a while after the client has given up;
 * `truncate` sends half of an answer's body and closes the connection.
 */
export const FAULT_KINDS = [
  'error500',
  'slowDown',
  'reset',
  'timeout',
  'lostAnswer',
  'late',
  'truncate',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** How long after the client has given up a `late` request reaches the server. */
export const LATE_MS = 300;

export interface FaultProxyOptions {
  /** The server's endpoint, e.g. `http://127.0.0.1:40213`. */
  readonly target: string;
  readonly seed: string;
  /** The share of requests that meet a fault, from 0 to 1. */
  readonly rate: number;
  /** Default: all. `truncate` meets readings alone, `lostAnswer` and `late` writings alone. */
  readonly kinds?: readonly FaultKind[];
}

export interface FaultProxy {
  readonly endpoint: string;
  setRate(rate: number): void;
  /** How often each fault was met so far. */
  readonly counts: Readonly<Record<FaultKind, number>>;
  close(): Promise<void>;
}

/** An HTTP proxy on the loopback that injects seeded faults. */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const random = randomOf('fault proxy', options.seed);
  const counts = Object.fromEntries(FAULT_KINDS.map((kind) => [kind, 0])) as Record<FaultKind, number>;
  const target = new URL(options.target);
  let rate = options.rate;
  const server = createServer((incoming, outgoing) => {
    const kind = drawn(random, kindsFor(incoming, options.kinds ?? FAULT_KINDS), { rate, counts });
    if (kind !== null) counts[kind] += 1;
    handle(kind, { incoming, outgoing, target }).catch(() => outgoing.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    counts,
    setRate: (share) => (rate = share),
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

interface Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly target: URL;
}
interface Answer {
  readonly status: number;
  readonly headers: string[];
  readonly body: Buffer;
}

function kindsFor({ method }: IncomingMessage, kinds: readonly FaultKind[]): readonly FaultKind[] {
  const writes = method === 'PUT' || method === 'POST' || method === 'DELETE';
  return kinds.filter((kind) =>
    kind === 'truncate' ? method === 'GET' : kind === 'lostAnswer' || kind === 'late' ? writes : true,
  );
}

/** Which requests meet a fault is drawn; which fault, is the one met least often so far, so that none is left out. */
function drawn(
  random: Random,
  kinds: readonly FaultKind[],
  { rate, counts }: { readonly rate: number; readonly counts: Readonly<Record<FaultKind, number>> },
): FaultKind | null {
  if (random.real() >= rate) return null;
  return [...kinds].sort((a, b) => counts[a] - counts[b])[0] ?? null;
}

async function handle(kind: FaultKind | null, exchange: Exchange): Promise<void> {
  const { incoming, outgoing } = exchange;
  const body = await buffer(incoming);
  switch (kind) {
    case null:
      return send(outgoing, await forward(exchange, body));
    case 'error500':
      return send(outgoing, failure(500, 'InternalError'));
    case 'slowDown':
      return send(outgoing, failure(503, 'SlowDown'));
    case 'reset':
      reset(incoming.socket);
      return;
    case 'timeout':
      return;
    case 'lostAnswer':
      await forward(exchange, body);
      reset(incoming.socket);
      return;
    case 'late':
      await once(incoming.socket, 'close');
      await sleep(LATE_MS);
      await forward(exchange, body);
      return;
    case 'truncate':
      return sendHalf(outgoing, await forward(exchange, body));
    default:
      kind satisfies never;
  }
}

/** Node can't reset a connection that is ending already, and would then never leave its own clean-up. */
function reset(socket: Socket): void {
  if (socket.destroyed || socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}

async function forward({ incoming, target }: Exchange, body: Buffer): Promise<Answer> {
  const { method, url: path, rawHeaders } = incoming;
  const sent = request({ host: target.hostname, port: target.port, method, path, headers: rawHeaders });
  sent.end(body);
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: answer.statusCode ?? 502, headers: answer.rawHeaders, body: await buffer(answer) };
}

function failure(status: number, code: string): Answer {
  const body = Buffer.from(
    `<?xml version="1.0"?><Error><Code>${code}</Code><Message>planted</Message></Error>`,
  );
  return {
    status,
    headers: ['Content-Type', 'application/xml', 'Content-Length', String(body.length)],
    body,
  };
}

function send(outgoing: ServerResponse, { status, headers, body }: Answer): void {
  outgoing.writeHead(status, headers).end(body);
}

function sendHalf(outgoing: ServerResponse, { status, headers, body }: Answer): void {
  outgoing.writeHead(status, headers);
  outgoing.write(body.subarray(0, Math.floor(body.length / 2)), () => outgoing.destroy());
}
