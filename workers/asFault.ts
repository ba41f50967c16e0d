import { StoreFault } from '../activities/store/storeFault.js';
import { EXIT, messageOf, UserFault } from './fault.js';

/**
 * What the disk, the store or the Temporal service refused is no bug of ours: the person can mend it, and needs words and
 * no stack. null: a bug.
 */
export function asFault(error: unknown): UserFault | null {
  if (error instanceof UserFault) return error;
  if (error instanceof StoreFault)
    return new UserFault(error.message, error.isUnreachable ? EXIT.unreachable : EXIT.failed);
  if (!(error instanceof Error)) return null;
  return ofSystem(error) ?? ofService(error);
}

/** Codes of the operating system that say what is wrong with a place, in words. */
const REFUSALS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EBUSY: 'one that is in use',
  EDQUOT: 'a full quota',
  EEXIST: 'something that is there already',
  EFBIG: 'too large a file',
  EIO: 'a fault of the disk',
  EISDIR: 'a folder',
  ELOOP: 'links in a circle',
  EMFILE: 'too many open files',
  ENAMETOOLONG: 'too long a name',
  ENOENT: 'nothing there',
  ENOSPC: 'a full disk',
  ENOTDIR: 'a file in the place of a folder',
  ENOTEMPTY: 'a folder with files',
  EPERM: 'permission denied',
  EROFS: 'a read-only disk',
  ETXTBSY: 'one that is in use',
};

function ofSystem(error: Error): UserFault | null {
  const { code, path, syscall } = error as NodeJS.ErrnoException;
  const refusal = REFUSALS[code ?? ''];
  if (refusal === undefined || path === undefined || syscall === undefined) return null;
  const isProgram = syscall.startsWith('spawn');
  const rule = isProgram ? 'a program that can be started' : 'a place that can be used';
  const hint = isProgram
    ? 'Run `npm run setup`.'
    : 'Check the path, LAMDAGENT_HOME and their permissions, or name another place.';
  return new UserFault(`${path}: expected ${rule}, got ${refusal} (${String(code)}, ${syscall}). ${hint}`);
}

// gRPC status codes of a service that cannot be reached, does not answer in time, or knows no such account
const UNREACHABLE: readonly number[] = [1, 4, 7, 14, 16];

/** The client's errors are known by their form: its code takes a while to load, and most commands do without. */
function ofService(error: Error): UserFault | null {
  const grpc = chain(error).find(isGrpc);
  const isLate = error.name === 'WorkflowUpdateRPCTimeoutOrCancelledError';
  if (grpc === undefined && !isLate) return null;
  const said = grpc === undefined ? messageOf(error) : `${grpc.details} (code ${String(grpc.code)})`;
  return new UserFault(
    `Temporal: expected an answer to the request, got ${said}. Look at the service, and whether workers run: \`npx lamdagent doctor\`.`,
    grpc === undefined || UNREACHABLE.includes(grpc.code) ? EXIT.unreachable : EXIT.failed,
  );
}

interface Grpc {
  readonly code: number;
  readonly details: string;
}

function isGrpc(error: object): error is Error & Grpc {
  return (
    'code' in error &&
    typeof error.code === 'number' &&
    'details' in error &&
    typeof error.details === 'string'
  );
}

/** The error and what caused it. */
function chain(error: Error): readonly Error[] {
  return error.cause instanceof Error ? [error, ...chain(error.cause)] : [error];
}
