import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Acts at a named place when it is armed there; see createFailpoints. */
export type Reach = (point: string) => void;

/** Where no failpoints are switched on. */
export const noFailpoints: Reach = () => undefined;

/**
 * Named places where the kill matrix ends, stops or fails this very process; the same as the GPU worker's
 * (`lamdagent_gpu/failpoints.py`): the point `decide/recorded` is armed by the file `decide.recorded` in the folder,
 * whose text is `kill`, `stop` or `error`. It acts once: the file is renamed to `….fired` first. Null: none.
 */
export function createFailpoints(folder: string | null): Reach {
  if (folder === null) return noFailpoints;
  return (point) => {
    const armed = join(folder, point.replace('/', '.'));
    if (!existsSync(armed)) return;
    const action = readFileSync(armed, 'utf8').trim();
    const fired = `${armed}.fired`;
    renameSync(armed, fired);
    writeFileSync(fired, `${String(process.pid)} ${(Date.now() / 1000).toFixed(3)} ${action}`);
    if (action === 'error') throw new Error(`${point}: planted failure`);
    process.kill(process.pid, action === 'stop' ? 'SIGSTOP' : 'SIGKILL');
  };
}
