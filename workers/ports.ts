import { createServer } from 'node:net';
import { UserFault } from './fault.js';

const LOOPBACK = '127.0.0.1';

export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => {
      resolve(false);
    });
    probe.listen(port, LOOPBACK, () =>
      probe.close(() => {
        resolve(true);
      }),
    );
  });
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, LOOPBACK, () => {
      const address = probe.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      probe.close(() => {
        resolve(port);
      });
    });
  });
}

/** The port asked for (a fault when it is taken), else the last one when it is free again, else any free one. */
export async function choosePort(name: string, asked: number | null, last: number | null): Promise<number> {
  if (asked !== null) {
    if (await isFree(asked)) return asked;
    throw new UserFault(
      `${name}: expected port ${String(asked)} to be free, got taken. Free it, or unset ${name} to take any free port.`,
    );
  }
  return last !== null && (await isFree(last)) ? last : freePort();
}
