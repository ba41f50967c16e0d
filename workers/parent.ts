const LOOK_EVERY_MS = 500;

/** Calls `gone` once when the process that started this one is gone, so that no orphan stays. */
export function watchParent(parentPid: number | null, gone: () => void): void {
  if (parentPid === null) return;
  const timer = setInterval(() => {
    if (process.ppid === parentPid) return;
    clearInterval(timer);
    gone();
  }, LOOK_EVERY_MS);
  timer.unref();
}
