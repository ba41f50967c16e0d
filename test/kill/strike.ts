import { loadBooks } from '../../activities/ledger/audit.js';
import { loadExploration } from '../../activities/ledger/read.js';
import { auditLedger, findingText, type Finding } from '../../domain/audit.js';
import { messageOf } from '../../workers/fault.js';
import type { Fault, Target } from './fault.js';
import { plain, type Item } from './item.js';
import { hasEnded } from './outcome.js';
import { withoutAttempts } from './progress.js';
import { midWork, recovered } from './recovery.js';
import { TooLate } from './until.js';

/** Longest wait, after work was seen, before the fault strikes. */
const LONGEST_DELAY_MS = 3000;

/** Injects from the queue, one after another, until it is empty or the exploration has ended. */
export async function strikeAll(target: Target, queue: Fault[], tell: (item: Item) => void): Promise<void> {
  for (let fault = queue[0]; fault !== undefined; fault = queue[0]) {
    const item = await strike(target, fault);
    if (item === null) return;
    queue.shift();
    tell(item);
  }
}

/** Injects one fault in the middle of work and waits until work goes on. Null: the exploration ended first. */
async function strike(target: Target, fault: Fault): Promise<Item | null> {
  const { world, name, random } = target;
  const delayMs = random.real() * LONGEST_DELAY_MS;
  try {
    if (!(await midWork(target, fault.needs, delayMs))) return null;
    return await injected(target, fault);
  } catch (error) {
    if (error instanceof TooLate && (await hasEnded(world, name))) return null;
    return { ...plain(fault.name, [messageOf(error)]), intervals: fault.intervals };
  }
}

async function injected(target: Target, fault: Fault): Promise<Item | null> {
  const { world, name } = target;
  const injection = await fault.inject(target);
  if (injection === null) return null;
  const { at, note, replaces, check } = injection;
  const mark = await world.mark(name);
  const recoverySeconds = await recovered(target, replaces === true ? withoutAttempts(mark) : mark, at);
  const broken = check === undefined ? [] : await check();
  const findings = await findingsNow(target);
  return {
    ...{ fault: fault.name, intervals: fault.intervals, at, note, recoverySeconds, lostSteps: 0 },
    duplicates: findings.filter(({ rule }) => DUPLICATES.includes(rule)).length,
    broken: [...broken, ...findings.map(findingText)],
  };
}

/** Rules of the audit that something done, decided or paid twice breaks. */
const DUPLICATES: readonly string[] = [
  ...['sequence', 'trialOnce', 'oneDecision', 'decisionOfTrial'],
  ...['billedOnce', 'paidOnce', 'oneCompleted'],
];

/** What the audit finds at this moment; before anything was prepared there are no books yet. */
async function findingsNow({ world, name }: Target): Promise<readonly Finding[]> {
  const found = await loadExploration(world.store, name);
  return found === null ? [] : auditLedger(await loadBooks(world.store, found));
}
