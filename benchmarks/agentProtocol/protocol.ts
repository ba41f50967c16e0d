import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadRows } from '../../activities/ledger/read.js';
import { keys } from '../../activities/store/keys.js';
import { openStore } from '../../activities/store/open.js';
import type { Store } from '../../activities/store/store.js';
import type { DecisionRecord } from '../../domain/decision.js';
import type { Plan } from '../../domain/plan.js';
import { billingFaults, protocolOf, type Protocol } from './check.js';
import { startCountingProxy, type CountingProxy } from './countingProxy.js';
import { beginWorld, protocolPlan, type LimitsName } from './world.js';

/** A SIGKILL inside a decision, and what became of its calls. */
export interface Kill {
  readonly decision: number;
  /** Calls of the decision that were on record when its process was killed. */
  readonly recorded: number;
  /** How often those were asked of the LLM in all; as many as `recorded` when none was asked again. */
  readonly asked: number;
  /** Requests of the decision that the kill cut off: they were in the air, unanswered, and are asked again. */
  readonly cutOff: number;
}

export interface ProtocolRun {
  readonly protocol: Protocol;
  readonly kills: readonly Kill[];
  readonly requests: number;
  readonly answered: number;
  readonly billing: readonly string[];
  readonly seconds: number;
}

export interface ProtocolOptions {
  /** A new folder for the store. */
  readonly folder: string;
  readonly baseUrl: string;
  readonly model: string;
  readonly limits: LimitsName;
  readonly decisions: number;
  readonly seed: string;
  /** Holds every request back this long, so that a quick LLM can be caught thinking. */
  readonly thinkMs?: number;
  /** Kills the deciding process within the first decision from here on that has this many calls on record. */
  readonly kills: readonly { readonly from: number; readonly calls: number }[];
  readonly say: (line: string) => void;
}

const POLL_MS = 15;

/** Lets a process of its own decide, kills it within decisions, starts it again, and counts what the records hold. */
export async function runProtocol(options: ProtocolOptions): Promise<ProtocolRun> {
  const startedMs = performance.now();
  const proxy = await startCountingProxy(options.baseUrl, options.thinkMs);
  const store = openStore(options.folder, `${options.folder}-cache`);
  const { decisions, seed, model } = options;
  const llm = { baseUrl: proxy.baseUrl, model, timeoutSeconds: 180, maxTokens: 256 };
  const plan = protocolPlan({ llm, decisions, seed });
  try {
    await beginWorld(store, plan);
    const struck: Struck[] = [];
    for (const kill of options.kills) struck.push(await killWithin(options, { store, plan, proxy }, kill));
    options.say('going on to the end');
    await ended(startDecider(options, plan));
    return await outcomeOf({ store, plan, proxy }, struck, (performance.now() - startedMs) / 1000);
  } finally {
    await proxy.stop();
  }
}

interface Running {
  readonly store: Store;
  readonly plan: Plan;
  readonly proxy: CountingProxy;
}
interface Struck {
  readonly decision: number;
  readonly prompts: readonly string[];
}

async function killWithin(
  options: ProtocolOptions,
  { store, plan, proxy }: Running,
  { from, calls }: ProtocolOptions['kills'][number],
): Promise<Struck> {
  const child = startDecider(options, plan);
  const exit = once(child, 'exit');
  for (let decision = from; ; await sleep(POLL_MS)) {
    if (child.exitCode !== null) throw new Error('protocol: expected a decision to kill in, got the end');
    while ((await store.read(keys.decision(plan.explorationId, decision))) !== null) decision += 1;
    const prompts = await recordedPrompts(store, plan, decision);
    const inTheAir = proxy.seen.at(-1)?.answered === false;
    if (prompts.length < calls || !inTheAir) continue;
    child.kill('SIGKILL');
    await exit;
    options.say(`decision ${String(decision)}: killed with ${String(prompts.length)} calls on record`);
    return { decision, prompts: await recordedPrompts(store, plan, decision) };
  }
}

async function recordedPrompts(store: Store, plan: Plan, decision: number): Promise<readonly string[]> {
  const prompts: string[] = [];
  for (let call = 0; ; call += 1) {
    const text = await store.read(keys.llmCall(plan.explorationId, decision, call));
    if (text === null) return prompts;
    prompts.push((JSON.parse(text) as { readonly promptSha256: string }).promptSha256);
  }
}

function startDecider({ folder, limits }: ProtocolOptions, { explorationId }: Plan): ChildProcess {
  const program = join(import.meta.dirname, 'decider.ts');
  const args = ['--import', 'tsx', program, folder, explorationId, limits];
  return spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] });
}

async function ended(child: ChildProcess): Promise<void> {
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`decider: expected exit code 0, got ${String(code)}`);
}

async function outcomeOf(
  { store, plan, proxy }: Running,
  struck: readonly Struck[],
  seconds: number,
): Promise<ProtocolRun> {
  const rows = await loadRows(store, plan.explorationId);
  const numbers = Array.from({ length: plan.budget.trials }, (_, decision) => decision);
  const decisions = await Promise.all(
    numbers.map(async (decision) => {
      const text = await store.read(keys.decision(plan.explorationId, decision));
      return JSON.parse(text ?? 'null') as DecisionRecord;
    }),
  );
  const requestsOf = (prompts: readonly string[]) =>
    proxy.seen.filter(({ promptSha256 }) => prompts.includes(promptSha256));
  return {
    protocol: protocolOf(plan, rows, decisions),
    kills: struck.map(({ decision, prompts }) => ({
      decision,
      recorded: prompts.length,
      asked: requestsOf(prompts).length,
      cutOff: requestsOf((decisions[decision]?.calls ?? []).map((call) => call.promptSha256)).filter(
        ({ answered }) => !answered,
      ).length,
    })),
    requests: proxy.seen.length,
    answered: proxy.seen.filter(({ answered }) => answered).length,
    billing: billingFaults(decisions, proxy.seen),
    seconds,
  };
}
