import { withCost } from '../../domain/costs.js';
import { estimateCost, type CostEstimate, type Measured } from '../../domain/estimate.js';
import { asksLlm } from '../../domain/llmTurns.js';
import { budgetOf } from '../spec/resolve.js';
import type { Spec } from '../spec/schema.js';
import type { Store } from '../store/store.js';
import { loadExploration, type StoredExploration } from './read.js';
import { statusOf } from './views.js';

/** What the search of this spec will cost, as far as its predecessor of the same name, or the one it inherits, tells. */
export async function loadEstimate(store: Store, spec: Spec): Promise<CostEstimate> {
  const { parallel, llm, policy } = spec;
  const willAsk = llm !== undefined && (policy === 'auto' || asksLlm(policy));
  const known = { budget: budgetOf(spec), parallel, asksLlm: willAsk };
  const own = await measuredIn(store, spec.name);
  const inherited = spec.inherit === undefined ? null : await measuredIn(store, spec.inherit.from);
  return estimateCost(known, own ?? inherited);
}

async function measuredIn(store: Store, name: string): Promise<Measured | null> {
  const candidates = [name, name.replace(/-[0-9a-f]{8}$/, '')]; // a name, or an exploration's id
  for (const candidate of candidates) {
    const found = await loadExploration(store, candidate);
    if (found !== null && found.rows.length > 0) return measuredOf(found);
  }
  return null;
}

function measuredOf(found: StoredExploration): Measured {
  const { llmTokens } = statusOf(found).spend;
  const costs = found.rows.reduce(withCost, {});
  return { name: found.plan.name, costs, decisions: found.decisions.length, llmTokens };
}
