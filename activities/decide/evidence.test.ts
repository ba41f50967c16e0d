import assert from 'node:assert/strict';
import type { Plan } from '../../domain/plan.js';
import { samplePlan } from '../../domain/samples.js';
import { agentPolicy } from './agent.js';
import type { LlmClient, LlmLimits, LlmRequest } from './exchange.js';
import { estimatedTokens } from './evidence.js';
import { HOSTED_LIMITS } from './llm.js';
import { EMBEDDED_LIMITS } from './openLlm.js';
import { firstValue } from './scriptedLlm.js';
import { contextFor, history, proposalFor, spaciousPlan } from './testWorld.js';

/** 200 datasets, 30 benchmarks, 40 values of a parameter, a constraint. */
function widePlan(): Plan {
  const datasets = Array.from({ length: 200 }, (_, index) => `dataset-${String(index)}-whole`);
  const [skill] = samplePlan().benchmarks;
  assert.ok(skill);
  const more = Array.from({ length: 28 }, (_, index) => ({ ...skill, name: `skill-${String(index)}-whole` }));
  const plan = spaciousPlan();
  return {
    ...plan,
    datasets: datasets.map((name) => ({ name, stageId: name, shape: 'sft', rows: 1000 })),
    benchmarks: [...plan.benchmarks, ...more],
    actions: plan.actions.map((space) =>
      space.kind !== 'sft'
        ? space
        : {
            ...space,
            datasets,
            maxDatasets: 3,
            parameters: {
              ...space.parameters,
              steps: { kind: 'choices', values: Array.from({ length: 40 }, (_, index) => 10 + index) },
            },
          },
    ),
    agent: { explore: 0, costs: 'sequences' },
  };
}

/** What the agent sends in one decision with 50 models and 60 trials in flight; it merges when `merging`. */
async function sent(
  plan: Plan,
  limits: LlmLimits,
  merging: boolean,
  decision = 56,
): Promise<readonly LlmRequest[]> {
  const requests: LlmRequest[] = [];
  const client: LlmClient = {
    limits,
    complete: (request) => {
      requests.push(request);
      const answer = { reason: 'r', actionType: merging ? 'merge' : 'sft' };
      const text = JSON.stringify(request.purpose === 'actionType' ? answer : firstValue(request.schema));
      return Promise.resolve({ kind: 'text', text, promptTokens: 0, completionTokens: 0 });
    },
  };
  const all = history(plan, 116);
  const rows = all.slice(0, 56);
  const inFlight = all
    .slice(56)
    .flatMap(({ trial, action }) => (action ? [proposalFor(plan, trial, action)] : []));
  const context = contextFor(plan, rows, { client, inFlight, decision });
  assert.ok(context.pool.size >= 50);
  await agentPolicy.propose(context);
  return requests;
}

const firstAsked = (requests: readonly LlmRequest[]) =>
  requests.filter((one, index) => requests.findIndex(({ purpose }) => purpose === one.purpose) === index);
const textOf = (requests: readonly LlmRequest[]): string =>
  requests.flatMap(({ messages }) => messages.map(({ content }) => content)).join('\n');

describe('the token budget of a prompt', () => {
  for (const merging of [false, true])
    for (const [name, limits] of Object.entries({ hosted: HOSTED_LIMITS, embedded: EMBEDDED_LIMITS }))
      it(`holds with 200 datasets, 50 models, 30 benchmarks, 60 in flight (${name}, ${merging ? 'merge' : 'sft'})`, async () => {
        const requests = firstAsked(await sent(widePlan(), limits, merging));
        assert.deepEqual(
          requests.map(({ purpose }) => purpose),
          ['memory', 'actionType', 'objects'],
        );
        for (const { purpose, messages } of requests) {
          const tokens = estimatedTokens(messages);
          assert.ok(tokens <= limits.promptTokens, `${purpose}: ${String(tokens)} tokens`);
        }
      });

  it('is kept by showing less, never by cutting text: every name that stands there is whole', async () => {
    for (const limits of [HOSTED_LIMITS, EMBEDDED_LIMITS]) {
      const words = textOf(await sent(widePlan(), limits, false)).match(/(dataset|skill)-\d[\w-]*/g) ?? [];
      assert.ok(words.length > 5);
      assert.deepEqual(
        words.filter((word) => !/^(dataset|skill)-\d+-whole$/.test(word)),
        [],
      );
    }
  });

  it('offers other datasets in other decisions, those of the best trials always', async () => {
    const offered = async (decision: number): Promise<readonly string[]> => {
      const text = textOf(await sent(widePlan(), HOSTED_LIMITS, false, decision));
      return [...new Set([...text.matchAll(/^- d\d+: (\S+),/gm)].map(([, name = '']) => name))];
    };
    const [one, two] = [await offered(1), await offered(2)];
    assert.equal(one.length, 40);
    const both = one.filter((name) => two.includes(name));
    assert.ok(both.length >= 20 && both.length < 40, String(both.length));
  });
});
