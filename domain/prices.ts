import type { LlmCall } from './decision.js';
import type { LlmSettings } from './plan.js';

/** What an endpoint charges, in USD for a million tokens. */
export interface Price {
  readonly promptPerMillion: number;
  readonly completionPerMillion: number;
}

/**
 * List prices of well-known models behind OpenAI-compatible endpoints: USD for a million prompt and completion tokens,
 * without discounts for cached prompts or batches, for prompts below the vendors' long-context steps (200,000 tokens).
 * Read on 2026-11-25 from GitHub's table of vendors' API prices (github/docs, data/tables/copilot/models-and-pricing.yml
 * at 024f6b0); the GPT-4 lines and gpt-5, gpt-5-nano second hand, as OpenAI's of March 2026 are reported
 * (deploybase.ai/articles/openai-pricing).
 * Prices change and middlemen charge otherwise: `llm.prices` in the spec overrides the table.
 */
const TABLE: Readonly<Record<string, readonly [prompt: number, completion: number]>> = {
  'gpt-4o': [2.5, 10],
  'gpt-4o-mini': [0.15, 0.6],
  'gpt-4.1': [2, 8],
  'gpt-4.1-mini': [0.4, 1.6],
  'gpt-4.1-nano': [0.1, 0.4],
  'gpt-5': [1.25, 10],
  'gpt-5-mini': [0.25, 2],
  'gpt-5-nano': [0.05, 0.4],
  'gpt-5.4': [2.5, 15],
  'gpt-5.4-mini': [0.75, 4.5],
  'gpt-5.4-nano': [0.2, 1.25],
  'gpt-5.5': [5, 30],
  'gpt-5.6-luna': [0.2, 1.2],
  'gpt-5.6-terra': [2, 12],
  'claude-haiku-4-5': [1, 5],
  'claude-sonnet-4-5': [3, 15],
  'claude-sonnet-4-6': [3, 15],
  'claude-sonnet-5': [2, 10],
  'claude-opus-4-5': [5, 25],
  'claude-opus-4-6': [5, 25],
  'claude-opus-4-7': [5, 25],
  'claude-opus-4-8': [5, 25],
  'claude-opus-5': [5, 25],
  'gemini-3.1-pro-preview': [2, 12],
  'gemini-3.5-flash': [1.5, 9],
  // Runs on this machine.
  'smollm2-135m-instruct-q4_1': [0, 0],
};

/** Ends of names that mark a snapshot: `-2025-08-07`, `-20250929`, `@20250929`. */
const SNAPSHOT = /[-@](\d{4}-\d{2}-\d{2}|\d{8})$/;

/** The table's price of a model, by its name without a vendor's prefix and a snapshot's date; null: not in the table. */
export function tabledPrice(model: string): Price | null {
  const name = model.toLowerCase().split('/').at(-1)?.replace(SNAPSHOT, '') ?? '';
  const found = Object.hasOwn(TABLE, name) ? TABLE[name] : undefined;
  return found === undefined ? null : { promptPerMillion: found[0], completionPerMillion: found[1] };
}

/** The price that a plan holds; plans of 0.1 hold none and are priced by the table. null: not known. */
export function priceOf({ price, model }: LlmSettings): Price | null {
  return price === undefined ? tabledPrice(model) : price;
}

type Tokens = Pick<LlmCall, 'promptTokens' | 'completionTokens'>;

/** What one call costs, in USD; null where the price is not known. */
export function usdOf(price: Price | null, { promptTokens, completionTokens }: Tokens): number | null {
  if (price === null) return null;
  const { promptPerMillion, completionPerMillion } = price;
  return toNano((promptTokens * promptPerMillion + completionTokens * completionPerMillion) / 1e6);
}

/** What recorded calls cost together, in USD; null when the price of one of them is not known. */
export function usdOfCalls(llm: LlmSettings | null, calls: readonly LlmCall[]): number | null {
  return calls.reduce<number | null>((total, call) => plusUsd(total, usdOfCall(llm, call)), 0);
}

/** As booked; calls that were booked before prices were have the plan's. */
export function usdOfCall(llm: LlmSettings | null, call: LlmCall): number | null {
  if (call.usd !== undefined) return call.usd;
  return llm === null ? null : usdOf(priceOf(llm), call);
}

/** The sum of two amounts; one that is not known makes it unknown. */
export function plusUsd(left: number | null, right: number | null): number | null {
  return left === null || right === null ? null : toNano(left + right);
}

/** `$0.0123`; amounts below a cent keep two digits. */
export function usdText(usd: number | null): string {
  if (usd === null) return '$ unknown';
  if (usd === 0) return '$0';
  return usd >= 0.01 ? `$${usd.toFixed(usd >= 100 ? 0 : 2)}` : `$${Number(usd.toPrecision(2)).toString()}`;
}

/** Whole billionths: sums of floating-point numbers stay readable. */
function toNano(usd: number): number {
  return Math.round(usd * 1e9) / 1e9;
}
