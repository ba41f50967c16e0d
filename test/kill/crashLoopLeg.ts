import { trialName, type TrialRecord } from '../../domain/trial.js';
import { auditLedger, findingText } from '../../domain/audit.js';
import { messageOf } from '../../workers/fault.js';
import { plain, type Item } from './item.js';
import { ended } from './outcome.js';
import { tinySpec } from './spec.js';
import { booksOf } from './twin.js';
import { until } from './until.js';
import { startWorld, type World, type WorldOptions } from './world.js';

const NAME = 'crash-loop';
const POINT = 'train/step';
/** As often may a stage fail in a row without a new checkpoint (workflows/trials.ts). */
const MOST_ATTEMPTS = 3;

/** A training that fails at its first step, again and again: its trial must end, and the search go on. */
export async function runCrashLoopLeg(
  world: WorldOptions,
  say: (line: string) => void,
): Promise<readonly Item[]> {
  say('crash loop: every attempt of one training fails');
  const running = await startWorld(world);
  try {
    await running.begin(tinySpec({ name: NAME, seed: 1, trials: 1, steps: 20 }));
    const crashes = await crashUntilGivenUp(running);
    if (crashes > MOST_ATTEMPTS)
      return [
        plain('a real crash loop ends', [
          `expected an end after ${String(MOST_ATTEMPTS)} attempts, got ${String(crashes)}`,
        ]),
      ];
    await ended(running, NAME, 900);
    const books = await booksOf(running, NAME);
    return [
      plain('a real crash loop ends', faultsOf(books.rows)),
      plain('crash loop: the audit finds nothing', auditLedger(books).map(findingText)),
    ];
  } catch (error) {
    return [plain('a real crash loop ends', [messageOf(error)])];
  } finally {
    await running.close(false);
  }
}

/** How often the first training failed until its trial had a row; gives up with one attempt too many. */
async function crashUntilGivenUp(world: World): Promise<number> {
  for (let crashes = 0; crashes <= MOST_ATTEMPTS; crashes += 1) {
    world.failpoints.arm(POINT, 'error');
    const rows = await until(`a crash, or the row of its trial`, 300, async () => {
      const { rows } = await world.mark(NAME);
      return rows >= 2 || world.failpoints.fired(POINT) !== null ? { rows } : null;
    });
    if (rows.rows < 2) continue;
    world.failpoints.disarm(POINT);
    return crashes;
  }
  return MOST_ATTEMPTS + 1;
}

function faultsOf(rows: readonly TrialRecord[]): readonly string[] {
  const row = rows[1];
  const attempts = row?.stages.flatMap((stage) => stage.attempts) ?? [];
  const ends = attempts.map(({ end }) => end).join(', ');
  const where = trialName(row?.trial ?? 1);
  return [
    ...(row?.status === 'crashed' ? [] : [`${where}: expected crashed, got ${String(row?.status)}`]),
    ...(ends === 'failed, failed, failed' ? [] : [`${where}: expected three failed attempts, got ${ends}`]),
    ...(row?.message.includes('planted') === true || row?.message.includes('Planted') === true
      ? []
      : [`${where}: expected the last log lines in its message, got ${String(row?.message)}`]),
    ...(rows.length === 3 ? [] : [`rows: expected the search to go on to 3, got ${String(rows.length)}`]),
  ];
}
