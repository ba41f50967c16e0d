/** From where on an exploration continues as new, so that no run reaches the limits below, whatever still comes in. */
const LONG_EVENTS = 3500;
const LONG_BYTES = 3.5 * 2 ** 20;

/** At these the server suggests to continue as new (4,096 events, 4 MiB): too late to stay below them. */
export const MOST_EVENTS = 4096;
export const MOST_BYTES = 4 * 2 ** 20;

export function isLongHistory(history: {
  /** Events so far. */
  readonly historyLength: number;
  /** In bytes. */
  readonly historySize: number;
}): boolean {
  return history.historyLength >= LONG_EVENTS || history.historySize >= LONG_BYTES;
}
