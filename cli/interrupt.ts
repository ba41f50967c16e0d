/** Ctrl-C, SIGTERM or a closed terminal, as a signal. */
export interface Interrupt {
  readonly signal: AbortSignal;
  /** Resolves at the second one: stop now, not gently. */
  readonly hurry: Promise<void>;
  /** Resolves at the first one. */
  readonly pressed: Promise<void>;
}

/** One key press can reach us twice (from the terminal and from npm): what comes right after counts as the same. */
const SAME_PRESS_MS = 1500;

export function listenForInterrupt(): Interrupt {
  const controller = new AbortController();
  let first = 0;
  const hurry = new Promise<void>((resolve) => {
    const heard = (): void => {
      if (!controller.signal.aborted) {
        first = Date.now();
        controller.abort();
      } else if (Date.now() - first > SAME_PRESS_MS) resolve();
    };
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, heard);
  });
  const pressed = new Promise<void>((resolve) => {
    controller.signal.addEventListener('abort', () => {
      resolve();
    });
  });
  return { signal: controller.signal, hurry, pressed };
}
