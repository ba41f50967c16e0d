/** What Linux tells of running processes: their environment, their children, and where they listen. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export const HAS_PROC = process.platform === 'linux';

/** The environment that the process was started with. */
export function environmentOf(pid: number): ReadonlyMap<string, string> {
  const entries = readFileSync(`/proc/${String(pid)}/environ`, 'utf8')
    .split('\0')
    .filter(Boolean);
  return new Map(
    entries.map((entry) => {
      const end = entry.indexOf('=');
      return [entry.slice(0, end), entry.slice(end + 1)];
    }),
  );
}

export function commandOf(pid: number): string {
  return readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8')
    .replaceAll('\0', ' ')
    .trim();
}

/** The process ids under `pid`, at any depth. */
export function descendantsOf(pid: number): readonly number[] {
  const children = childrenOf(pid);
  return children.flatMap((child) => [child, ...descendantsOf(child)]);
}

function childrenOf(pid: number): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((one) => parentOf(one) === pid);
}

function parentOf(pid: number): number | null {
  try {
    const text = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    // The name stands in brackets and may hold blanks; the state and the parent follow it.
    return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return null; // It ended in between.
  }
}

export interface Listener {
  /** As the kernel writes it: hexadecimal, the bytes of each 4-byte word in the machine's order. */
  readonly address: string;
  readonly port: number;
  readonly inode: string;
}

const LISTEN = '0A';

/** The listening sockets of a table such as `/proc/net/tcp`. */
export function listenersIn(table: string): readonly Listener[] {
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === LISTEN)
    .map((fields) => {
      const [address = '', port = ''] = (fields[1] ?? '').split(':');
      return { address, port: Number.parseInt(port, 16), inode: fields[9] ?? '' };
    });
}

/** 127.0.0.0/8, ::1, and the former written as the latter. */
export function isLoopback({ address }: Listener): boolean {
  return (
    /^[0-9A-F]{6}7F$/.test(address) ||
    address === '00000000000000000000000001000000' ||
    /^0{16}FFFF0000[0-9A-F]{6}7F$/.test(address)
  );
}

/** Where a process listens for TCP. */
export function listenersOf(pid: number): readonly Listener[] {
  const folder = `/proc/${String(pid)}`;
  const sockets = new Set(readdirSync(`${folder}/fd`).map((name) => socketOf(`${folder}/fd/${name}`)));
  return ['tcp', 'tcp6']
    .flatMap((name) => listenersIn(readFileSync(`${folder}/net/${name}`, 'utf8')))
    .filter(({ inode }) => sockets.has(inode));
}

function socketOf(link: string): string {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(link))?.[1] ?? '';
  } catch {
    return '';
  }
}
