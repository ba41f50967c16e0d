import assert from 'node:assert/strict';
import type { DecisionRecord } from '../../domain/decision.js';
import { sha256Hex } from '../../domain/stage.js';
import type { Slate } from '../../domain/suggestion.js';
import { SuggestRequestSchema } from '../spec/contract.js';
import { keys } from '../store/keys.js';
import { createDecide } from './decide.js';
import { createOpenLlm } from './openLlm.js';
import {
  firstValue,
  obedient,
  sendRefusal,
  sendText,
  startScriptedLlm,
  type Script,
  type SeenRequest,
} from './scriptedLlm.js';
import { inputFor, recordOf, storeWith } from './testDecisions.js';
import { history, spaciousPlan } from './testWorld.js';

const openLlm = createOpenLlm({ apiKey: 'test', embedded: null });

/** A point of the spacious plan's flat space. */
const SUGGESTED = {
  action: 'sft',
  'sft.model1': 1,
  'sft.dataset.alpha': 'yes',
  'sft.dataset.beta': 'no',
  'sft.learningRate': 2.5e-4,
  'sft.tuning': 'full',
};
const SLATE: Slate = { schemaVersion: 1, suggestions: [SUGGESTED] };

describe('a decision of tpe', () => {
  const plan = spaciousPlan({ policy: 'tpe' });
  const rows = history(plan, 12);
  const input = { ...inputFor(plan, rows), decision: 12 };

  it('asks for a slate first, and records nothing before it has one', async () => {
    const store = await storeWith(plan, rows);
    const decide = createDecide({ store, openLlm });
    const first = await decide(input);
    assert.ok(first.kind === 'consult');
    assert.equal(await store.read(keys.decision(plan.explorationId, 12)), null);
    const text = (await store.read(first.job.requestKey)) ?? '';
    assert.equal(sha256Hex(text), first.job.requestSha256);
    const request = SuggestRequestSchema.parse(JSON.parse(text));
    assert.equal(request.points.length, 12);
    assert.deepEqual(await decide(input), first);
  });

  it('takes the suggestion, and is the same when it is retried, whatever slate comes then', async () => {
    const store = await storeWith(plan, rows);
    const decide = createDecide({ store, openLlm });
    const output = await decide({ ...input, slate: SLATE });
    assert.ok(output.kind === 'proposed' && !output.fallback);
    assert.equal(output.proposed.action?.parameters['learningRate'], 2.5e-4);
    assert.match((await recordOf(store, plan, 12)).reason, /^TPE: suggestion 1 of 1$/);
    assert.deepEqual(await decide(input), output);
    assert.deepEqual(await decide({ ...input, slate: { schemaVersion: 1, suggestions: [] } }), output);
  });

  it('takes the new action nearest to a repeat, and says so', async () => {
    const store = await storeWith(plan, rows);
    const decide = createDecide({ store, openLlm });
    const first = await decide({ ...input, slate: SLATE });
    assert.ok(first.kind === 'proposed');
    const inFlight = [first.proposed];
    const second = await decide({ ...input, decision: 13, trial: 14, inFlight, slate: SLATE });
    assert.ok(second.kind === 'proposed' && !second.fallback);
    assert.notEqual(second.proposed.stageId, first.proposed.stageId);
    assert.match((await recordOf(store, plan, 13)).reason, /the new action nearest to suggestion 1 of 1/);
  });

  it('is drawn at random and marked as a fallback where no suggestions came', async () => {
    const store = await storeWith(plan, rows);
    const output = await createDecide({ store, openLlm })({ ...input, slate: { ...SLATE, suggestions: [] } });
    assert.ok(output.kind === 'proposed' && output.fallback);
    assert.match((await recordOf(store, plan, 12)).reason, /no suggestions came: drawn at random/);
  });
});

describe('a decision of hybrid', () => {
  /** The records of decisions 0 … 13 on twelve rows, and what the LLM was asked in all. */
  async function hybrid(script: Script): Promise<{ records: readonly DecisionRecord[]; asked: number }> {
    const server = await startScriptedLlm(script);
    const plan = spaciousPlan({ policy: 'hybrid', llm: server.settings, seed: '2' });
    const rows = history(plan, 12);
    const store = await storeWith(plan, rows);
    const records: DecisionRecord[] = [];
    for (let decision = 0; decision < 14; decision += 1) {
      const input = { ...inputFor(plan, rows), decision, inFlight: records.map(({ proposed }) => proposed) };
      const first = await createDecide({ store, openLlm })(input);
      assert.equal(first.kind, 'consult'); // before anything is paid
      assert.equal(server.seen.length, records.flatMap(({ calls }) => calls).length);
      await createDecide({ store, openLlm })({ ...input, slate: SLATE });
      records.push(await recordOf(store, plan, decision));
    }
    const asked = server.seen.length;
    await server.stop();
    return { records, asked };
  }

  it('asks the LLM at its turns alone: 4 of 14', async () => {
    const { records, asked } = await hybrid(obedient);
    const turns = records.filter(({ calls }) => calls.length > 0).map(({ decision }) => decision);
    assert.deepEqual(turns, [3, 6, 9, 13]);
    assert.equal(asked, records.flatMap(({ calls }) => calls).length);
    assert.ok(
      records.every(({ decision, reason }) => turns.includes(decision) === reason.startsWith('the LLM')),
    );
    // The memory of a turn is shown until the next one.
    assert.equal(records[5]?.memory, records[3]?.memory);
    assert.notEqual(records[3]?.memory, null);
  });

  it('shows the LLM the slate of TPE at its turn, and says whether the choice is one of it', async () => {
    const proposal = /- models (m\d+); datasets (d\d+);.*learningRate 0\.00025/;
    /** Training is its choice; then what comes first, or what the sampler proposes. */
    const answering =
      (follows: boolean): Script =>
      ({ body }, _, response) => {
        const first = firstValue(body.response_format.json_schema.schema) as Record<string, unknown>;
        const [, model, dataset] = proposal.exec(asked(body)) ?? [];
        const type = 'actionType' in first ? { actionType: 'sft' } : {};
        const taken = { models: [model], datasets: [dataset], learningRate: 2.5e-4 };
        sendText(
          response,
          JSON.stringify({ ...first, ...type, ...(follows && model !== undefined ? taken : {}) }),
        );
      };
    const asked = ({ messages }: SeenRequest['body']): string => String(messages.at(-1)?.content ?? '');
    const turn = async (follows: boolean) => {
      const server = await startScriptedLlm(answering(follows));
      const plan = spaciousPlan({ policy: 'hybrid', llm: server.settings, seed: '2' });
      const rows = history(plan, 12);
      const store = await storeWith(plan, rows);
      const input = { ...inputFor(plan, rows), decision: 3, slate: SLATE };
      await createDecide({ store, openLlm })(input).finally(() => server.stop());
      const texts = server.seen.map(({ body }) => asked(body)).join('\n');
      return { texts, reason: (await recordOf(store, plan, 3)).reason };
    };
    const own = await turn(false);
    assert.match(own.texts, /A sampler fitted to the results proposes, best first: sft\./);
    assert.match(own.texts, proposal);
    assert.match(own.reason, /^the LLM's turn, TPE's slate overruled: /);
    const taking = await turn(true);
    assert.match(taking.reason, /^the LLM's turn, proposal 1 of TPE's slate taken: /);
  });

  it('lets the choice of TPE stand where the LLM gives no usable answer', async () => {
    const { records } = await hybrid((_, __, response) => sendRefusal(response));
    assert.equal(records[3]?.fallback, true);
    assert.match(records[3]?.reason ?? '', /without a usable answer; TPE: .*suggestion 1 of 1/);
    assert.equal(records[4]?.fallback, false);
  });
});
