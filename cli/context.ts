import { loadPointer, listNames } from '../activities/ledger/read.js';
import { openStore } from '../activities/store/open.js';
import type { Store } from '../activities/store/store.js';
import { nearest } from '../domain/nearest.js';
import { readEnvironment, type Environment } from '../workers/env.js';
import { EXIT, UserFault } from '../workers/fault.js';
import { homeAt, type Home } from '../workers/home.js';
import { openTerminal, type Terminal } from './terminal.js';

/** What every command works with. */
export interface Context {
  readonly env: Environment;
  readonly home: Home;
  readonly store: Store;
  readonly terminal: Terminal;
}

/** Runs a command's work and keeps its exit code. */
export type Run = (work: (context: Context) => Promise<number>) => Promise<void>;

export function openContext(env: Environment = readEnvironment()): Context {
  const store = openStore(env.store, env.cache);
  return { env, home: homeAt(env.home), store, terminal: openTerminal(env) };
}

/** Ends with exit code 2 and the nearest name unless the store knows the exploration. */
export async function requireKnown({ store }: Context, name: string): Promise<void> {
  const names = await listNames(store);
  if (names.includes(name) && (await loadPointer(store, name)) !== null) return;
  const near = nearest(name, names);
  const hint =
    near !== null
      ? `Did you mean ${near}?`
      : names.length === 0
        ? 'There is none yet; `npm start` begins one.'
        : `There are: ${names.join(', ')}.`;
  throw new UserFault(`exploration: expected one of ${store.location}, got ${name}. ${hint}`, EXIT.usage);
}
