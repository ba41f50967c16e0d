import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A TCP proxy on loopback between the workers and the server: it can cut every connection. */
export interface Proxy {
  readonly address: string;
  /** Ends all connections of this moment with a reset; returns how many. */
  cut(): number;
  /** While true, new connections are refused. */
  refuse(on: boolean): void;
  close(): Promise<void>;
}

/** `target` is `host:port`. */
export async function startProxy(target: string): Promise<Proxy> {
  const [host, port] = target.split(':');
  const pairs = new Set<readonly [Socket, Socket]>();
  let refusing = false;
  const server = createServer({ allowHalfOpen: true }, (inner) => {
    if (refusing) {
      inner.resetAndDestroy();
      return;
    }
    const outer = connect({ host: host ?? '127.0.0.1', port: Number(port), allowHalfOpen: true });
    const pair = [inner, outer] as const;
    pairs.add(pair);
    const end = (): void => {
      pairs.delete(pair);
      for (const socket of pair) socket.destroy();
    };
    for (const socket of pair) socket.setNoDelay(true).on('error', end).on('close', end);
    inner.pipe(outer);
    outer.pipe(inner);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): number => {
    const count = pairs.size;
    for (const pair of pairs) for (const socket of pair) socket.resetAndDestroy();
    return count;
  };
  return {
    address: `127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    cut,
    refuse: (on) => {
      refusing = on;
    },
    close: async () => {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
