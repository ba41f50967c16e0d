import { setTimeout as sleep } from 'node:timers/promises';
import { faultOf, s3Error } from './s3Faults.js';

/** How long and how often S3 is asked. */
export interface S3Limits {
  /** For one request with its answer, at most one part of a file; default 20 000, enough for 3.4 Mbit/s. */
  readonly timeLimitMs: number;
  /** Tries of one request; default 8, about 25 s of pauses in all. */
  readonly tries: number;
  /** The longest first pause; it doubles with each try. Default 200. */
  readonly firstPauseMs: number;
  /** Bytes of a part of a large file, at least 5 MiB (S3's rule); default 8 MiB. */
  readonly partBytes: number;
  /** Keys in one page of a listing; default 1000, S3's most. */
  readonly pageKeys: number;
}

export const S3_LIMITS: S3Limits = {
  timeLimitMs: 20_000,
  tries: 8,
  firstPauseMs: 200,
  partBytes: 8 * 2 ** 20,
  pageKeys: 1000,
};

const LONGEST_PAUSE_MS = 10_000;
/** Of any number of writers of a key at least one gets through each time, so this many must be a fault. */
const MOST_CONTENTIONS = 100;

/**
 * Asks until there is an answer: after server errors, throttling, silence, resets and cut bodies, with growing random
 * pauses (full jitter, https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 *
 * @param what the request in words, e.g. `read s3://bucket/key`
 * @param ask one try; must end with, and soon after, the signal
 * @throws after `tries` tries, or at once when asking again can't help
 */
export async function persistently<T>(
  what: string,
  ask: (signal: AbortSignal) => Promise<T>,
  limits: S3Limits,
): Promise<T> {
  let failures = 0;
  let contentions = 0;
  for (;;) {
    try {
      return await timeLimited(ask, limits.timeLimitMs);
    } catch (error) {
      const fault = faultOf(error);
      if (fault === 'contended') contentions += 1;
      else failures += 1;
      if (fault === 'permanent' || failures >= limits.tries || contentions > MOST_CONTENTIONS)
        throw s3Error(what, error);
    }
    const longest = Math.min(limits.firstPauseMs * 2 ** Math.max(0, failures - 1), LONGEST_PAUSE_MS);
    await sleep(Math.random() * longest);
  }
}

/** Rejects with the name `TimeoutError` when the time is over, even if the request doesn't heed its signal. */
async function timeLimited<T>(ask: (signal: AbortSignal) => Promise<T>, timeLimitMs: number): Promise<T> {
  if (!Number.isFinite(timeLimitMs)) return ask(new AbortController().signal);
  const over = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      over.abort();
      const error = new Error(`no answer within ${String(timeLimitMs)} ms`);
      error.name = 'TimeoutError';
      reject(error);
    }, timeLimitMs);
  });
  try {
    return await Promise.race([ask(over.signal), silence]);
  } finally {
    clearTimeout(timer);
  }
}
