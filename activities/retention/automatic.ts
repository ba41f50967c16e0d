import { formatBytes } from '../../domain/bytes.js';
import { KEEP, smallBytesFor } from '../../domain/retention.js';
import type { Store } from '../store/store.js';
import { collect, LEFTOVER_AGE_MS, sweepLeftovers, type Collected } from './collect.js';
import { createKnownReader } from './known.js';

/** Keeps the store within its budget, beside the work: it never fails or delays a trial. */
export interface Collector {
  /** Something was recorded: look whether the budget still holds. Returns at once. */
  nudge(): void;
  /** Resolves when nothing is being collected any more. */
  idle(): Promise<void>;
  /** Ends after the object that is going now. */
  close(): Promise<void>;
}

export interface CollectorOptions {
  readonly store: Store;
  /** null: there is no budget, and nothing is ever collected. */
  readonly budgetBytes: number | null;
  readonly graceMs: number;
  readonly warn: (line: string) => void;
}

export function createCollector(options: CollectorOptions): Collector {
  const stopped = new AbortController();
  const run = createRun(options, stopped.signal);
  let running: Promise<void> | null = null;
  let again = false;
  const loop = async (): Promise<void> => {
    do {
      again = false;
      await run();
    } while (wanted());
  };
  const wanted = (): boolean => again && !stopped.signal.aborted;
  const idle = async (): Promise<void> => {
    while (running !== null) await running;
  };
  return {
    nudge: () => {
      if (options.budgetBytes === null || stopped.signal.aborted) return;
      again = true;
      running ??= loop().finally(() => (running = null));
    },
    idle,
    close: async () => {
      stopped.abort();
      await idle();
    },
  };
}

/** One look at the budget; whatever goes wrong is a warning. */
function createRun(
  { store, budgetBytes, graceMs, warn }: CollectorOptions,
  signal: AbortSignal,
): () => Promise<void> {
  const known = createKnownReader(store);
  const rules = { budgetBytes, keep: KEEP, smallBytes: smallBytesFor(budgetBytes), graceMs };
  let sweptAt = 0;
  let saidFull = false;
  return async () => {
    try {
      if (Date.now() - sweptAt > LEFTOVER_AGE_MS) {
        await sweepLeftovers(store);
        sweptAt = Date.now();
      }
      const bytes = (await store.objects()).reduce((sum, object) => sum + object.bytes, 0);
      if (bytes <= (budgetBytes ?? Infinity)) return;
      const collected = await collect(store, { rules, known, signal });
      if (collected.removed.length > 0) warn(sentence(collected));
      const isFull = collected.bytesAfter > (budgetBytes ?? Infinity);
      if (isFull && !saidFull) warn(fullSentence(collected, budgetBytes));
      saidFull = isFull;
    } catch (error) {
      warn(
        `store: collecting failed, and is tried again: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  };
}

function sentence({ removed, bytesBefore, bytesAfter }: Collected): string {
  return (
    `store: ${String(removed.length)} objects collected, ${formatBytes(bytesBefore - bytesAfter)} freed; ` +
    `${formatBytes(bytesAfter)} left. They are made again from their recipes when they are needed.`
  );
}

/** Says once that all the rest is kept. */
export function fullSentence({ bytesAfter }: Collected, budgetBytes: number | null): string {
  return (
    `store: expected at most ${formatBytes(budgetBytes ?? Infinity)}, got ${formatBytes(bytesAfter)}, all of it kept. ` +
    'Raise LAMDAGENT_STORE_BUDGET; `lamdagent gc --dry-run` shows why each object is kept.'
  );
}
