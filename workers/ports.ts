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

/**
 * Below the ports that systems give out by themselves (from 32768 on, or from 49152): a server opens some of those before it
 * opens the ones it was told, and any program that connects to anything may get one meanwhile.
 */
const FIRST = 20_000;
const COUNT = 10_000;
const TRIES = 100;

/** A free port of this machine's loopback interface, likely to be free still when it is used. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    if (await isFree(port)) return port;
  }
  throw new UserFault(
    `ports: expected a free one between ${String(FIRST)} and ${String(FIRST + COUNT - 1)}, got ${String(TRIES)} in a row that are taken. Set LAMDAGENT_PORT and LAMDAGENT_UI_PORT.`,
  );
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
