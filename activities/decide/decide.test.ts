import assert from 'node:assert/strict';
import { ApplicationFailure } from '@temporalio/common';
import type { DecideOutput, DecisionRecord } from '../../domain/decision.js';
import type { Plan } from '../../domain/plan.js';
import { stageIdOf, type Stage } from '../../domain/stage.js';
import type { TrialRecord } from '../../domain/trial.js';
import { keys } from '../store/keys.js';
import type { Store } from '../store/store.js';
import { createDecide } from './decide.js';
import type { memoryStore } from './memoryStore.js';
import { createOpenLlm } from './openLlm.js';
import {
  firstValue,
  obedient,
  sendRefusal,
  sendText,
  startScriptedLlm,
  type Script,
  type ScriptedLlm,
} from './scriptedLlm.js';
import { inputFor, recordOf, storeWith } from './testDecisions.js';
import { history, spaciousPlan } from './testWorld.js';

const servers: ScriptedLlm[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

async function serve(script: Script): Promise<ScriptedLlm> {
  const server = await startScriptedLlm(script);
  servers.push(server);
  return server;
}

const openLlm = createOpenLlm({ apiKey: 'test', embedded: null });

/** One decision of the agent on five rows, the server doing as the script says. */
async function decided(
  script: Script,
): Promise<{ output: DecideOutput; record: DecisionRecord; asked: number }> {
  const { store, plan, rows, server } = await agentWorld(script);
  const output = await createDecide({ store, openLlm })(inputFor(plan, rows));
  return { output, record: await recordOf(store, plan), asked: server.seen.length };
}

/** With this seed the first options of decision 0 are no repeat. */
async function agentWorld(script: Script): Promise<{
  readonly server: ScriptedLlm;
  readonly plan: Plan;
  readonly rows: readonly TrialRecord[];
  readonly store: ReturnType<typeof memoryStore>;
}> {
  const server = await serve(script);
  const plan = spaciousPlan({ policy: 'agent', llm: server.settings, seed: '2' });
  const rows = history(plan, 5);
  return { server, plan, rows, store: await storeWith(plan, rows) };
}

/** Obeys, but answers the step of this purpose with what `wrong` does, `times` times. */
function faulty(purpose: string, times: number, wrong: Script): Script {
  let done = 0;
  return (request, index, response) => {
    const isStep = request.body.response_format.json_schema.name === purpose;
    if (!isStep || done >= times) obedient(request, index, response);
    else {
      done += 1;
      wrong(request, index, response);
    }
  };
}

const FAULTS: readonly (readonly [string, Script])[] = [
  ['badJson', (_, __, response) => sendText(response, 'Sure! I choose m1.')],
  ['schema', (_, __, response) => sendText(response, '{"reason":"r","models":["m99"]}')],
  ['length', (_, __, response) => sendText(response, '{"reason":"so lo', 'length')],
  ['refusal', (_, __, response) => sendRefusal(response)],
  [
    'unreadable',
    (_, __, response) => {
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end('<html>sign in</html>');
    },
  ],
  [
    'illegal',
    ({ body }, _, response) => {
      const answer = firstValue(body.response_format.json_schema.schema) as { models: string[] };
      const twice = [...answer.models.slice(0, 1), ...answer.models.slice(0, 1)];
      sendText(response, JSON.stringify({ ...answer, models: twice }));
    },
  ],
];

/** Makes the agent merge, where a model can be named twice. */
const merging =
  (script: Script): Script =>
  (request, index, response) => {
    if (request.body.response_format.json_schema.name !== 'actionType') script(request, index, response);
    else sendText(response, JSON.stringify({ reason: 'merge', actionType: 'merge' }));
  };

describe('a decision', () => {
  it('is recorded with its stage, and returned as it stands when asked again', async () => {
    const plan = spaciousPlan();
    const rows = history(plan, 3);
    const store = await storeWith(plan, rows);
    const first = await createDecide({ store, openLlm })(inputFor(plan, rows));
    assert.equal(first.kind, 'proposed');
    const { stage, proposed } = await recordOf(store, plan);
    assert.equal(stageIdOf(stage.stage), proposed.stageId);
    const recipe = JSON.parse(store.records.get(keys.stage(proposed.stageId)) ?? '') as Stage;
    assert.equal(stageIdOf(recipe), proposed.stageId);
    const again = await createDecide({ store, openLlm })({ ...inputFor(plan, rows), ledgerRows: 1 });
    assert.deepEqual(again, first);
  });

  it('that lost a race is the one on record', async () => {
    const plan = spaciousPlan();
    const rows = history(plan, 3);
    const store = await storeWith(plan, rows);
    const decide = createDecide({ store, openLlm });
    await decide(inputFor(plan, rows));
    const winner = await recordOf(store, plan);
    const other = { ...winner, proposed: { ...winner.proposed, label: 'the faster one' } };
    let reads = 0;
    const racing: Store = {
      ...store,
      read: (key) => {
        const isDecision = key === keys.decision(plan.explorationId, 0);
        return isDecision && (reads += 1) === 1 ? Promise.resolve(null) : store.read(key);
      },
    };
    await store.replace(keys.decision(plan.explorationId, 0), JSON.stringify(other));
    const output = await createDecide({ store: racing, openLlm })(inputFor(plan, rows));
    assert.equal(output.kind === 'proposed' && output.proposed.label, 'the faster one');
  });

  it('of the agent costs three calls: memory, action type, objects; all on record before use', async () => {
    const { output, record, asked } = await decided(obedient);
    assert.equal(asked, 3);
    assert.deepEqual(
      record.calls.map((call) => call.purpose),
      ['memory', 'actionType', 'objects'],
    );
    assert.equal(output.kind === 'proposed' && output.llmTokens, 330);
    assert.equal(record.fallback, false);
    assert.ok(record.positions.length >= 2);
    assert.ok(record.positions.every((one) => one.position >= 0 && one.position < one.options));
  });

  it('that is retried after a failure asks only what was not answered', async () => {
    let broken = true;
    const { server, plan, rows, store } = await agentWorld((request, index, response) => {
      const isLast = request.body.response_format.json_schema.name === 'objects';
      if (broken && isLast) response.socket?.resetAndDestroy();
      else obedient(request, index, response);
    });
    const isUnreachable = (error: unknown): boolean =>
      error instanceof ApplicationFailure && error.type === 'LlmUnreachable';
    await assert.rejects(createDecide({ store, openLlm })(inputFor(plan, rows)), isUnreachable);
    assert.equal(server.seen.length, 3);
    broken = false;
    await createDecide({ store, openLlm })(inputFor(plan, rows));
    assert.equal(server.seen.length, 4);
  });

  it('that is made again from recorded calls alone is the same, without any call', async () => {
    const { server, plan, rows, store } = await agentWorld(obedient);
    await createDecide({ store, openLlm })(inputFor(plan, rows));
    const first = await recordOf(store, plan);
    store.records.delete(keys.decision(plan.explorationId, 0));
    await createDecide({ store, openLlm })(inputFor(plan, rows));
    assert.deepEqual(await recordOf(store, plan), first);
    assert.equal(server.seen.length, 3);
  });

  it('refuses recorded calls that belong to another prompt', async () => {
    const { plan, rows, store } = await agentWorld(obedient);
    await createDecide({ store, openLlm })(inputFor(plan, rows));
    store.records.delete(keys.decision(plan.explorationId, 0));
    const fewer = { ...inputFor(plan, rows), ledgerRows: 4 };
    await assert.rejects(createDecide({ store, openLlm })(fewer), /000000-00\.json: expected the prompt/);
  });

  it('skips the memory call when nothing new was booked', async () => {
    const { server, plan, rows, store } = await agentWorld(obedient);
    const decide = createDecide({ store, openLlm });
    const first = await decide(inputFor(plan, rows));
    assert.ok(first.kind === 'proposed');
    const inFlight = [first.proposed];
    await decide({ ...inputFor(plan, rows), decision: 1, trial: 7, inFlight });
    const second = await recordOf(store, plan, 1);
    assert.equal(
      second.calls.some((call) => call.purpose === 'memory'),
      false,
    );
    assert.equal(second.memory, (await recordOf(store, plan)).memory);
    assert.match(server.seen.at(-1)?.body.messages[1]?.content ?? '', /Running now/);
  });
});

describe('the exploration floor', () => {
  /** 60 decisions of the agent on five rows, recorded one after the other. */
  async function decisions(explore: number): Promise<{
    readonly records: readonly DecisionRecord[];
    readonly asked: number;
  }> {
    const server = await serve(obedient);
    const agent = { explore, costs: 'sequences' } as const;
    const plan = spaciousPlan({ policy: 'agent', llm: server.settings, seed: '2', agent });
    const rows = history(plan, 5);
    const store = await storeWith(plan, rows);
    const decide = createDecide({ store, openLlm });
    for (let decision = 0; decision < 60; decision += 1)
      await decide({ ...inputFor(plan, rows), decision, ledgerRows: decision < 30 ? 5 : 6 });
    const records = Array.from({ length: 60 }, (_, decision) => recordOf(store, plan, decision));
    return { records: await Promise.all(records), asked: server.seen.length };
  }

  it('draws its share of the decisions by the seed, asks nobody for them, and says so in their record', async () => {
    const { records } = await decisions(0.3);
    const drawn = records.filter(({ explored }) => explored);
    assert.ok(drawn.length >= 16 && drawn.length <= 18, String(drawn.length));
    for (const { calls, fallback, positions, reason } of drawn) {
      assert.deepEqual([calls, fallback, positions], [[], false, []]);
      assert.match(reason, /^exploration: drawn at random, as 30 % of the decisions are/);
    }
    const again = await decisions(0.3);
    assert.deepEqual(
      again.records.map(({ proposed }) => proposed),
      records.map(({ proposed }) => proposed),
    );
  });

  it('at 0 never draws, at 1 never asks', async () => {
    assert.ok((await decisions(0)).records.every(({ explored }) => explored === undefined));
    const all = await decisions(1);
    assert.ok(all.records.every(({ explored }) => explored));
    assert.equal(all.asked, 0);
  });

  it('keeps the digest, and leaves the rows it did not read to the next decision that asks', async () => {
    const { records } = await decisions(0.5);
    const firstAsking = records.findIndex(({ explored }) => explored !== true);
    const later = records.findIndex(({ explored }, index) => index >= 30 && explored !== true);
    const purposes = (at: number) => records[at]?.calls.map(({ purpose }) => purpose) ?? [];
    assert.equal(purposes(firstAsking)[0], 'memory');
    assert.equal(purposes(later)[0], 'memory');
    assert.deepEqual([records[firstAsking]?.memoryRows, records[later]?.memoryRows], [5, 6]);
    const between = records.slice(firstAsking + 1, later);
    assert.ok(
      between.every(({ memory, memoryRows }) => memory === 'because it is first' && memoryRows === 5),
    );
  });
});

describe('the digest', () => {
  it('that got no usable answer is kept, and its rows are told again', async () => {
    const { server, plan, rows, store } = await agentWorld(
      faulty('memory', 3, (_, __, response) => sendRefusal(response)),
    );
    const decide = createDecide({ store, openLlm });
    await decide(inputFor(plan, rows));
    await decide({ ...inputFor(plan, rows), decision: 1 });
    const [first, second] = [await recordOf(store, plan, 0), await recordOf(store, plan, 1)];
    assert.deepEqual([first.memory, first.memoryRows], ['', 0]);
    assert.deepEqual([second.memory, second.memoryRows], ['because it is first', 6]);
    assert.match(JSON.stringify(server.seen.at(-3)?.body.messages), /t0001 .*t0005/);
  });
});

describe('a price', () => {
  it('stands in every call of the record and in what the workflow is told', async () => {
    const server = await serve(obedient);
    const price = { promptPerMillion: 1, completionPerMillion: 10 };
    const plan = spaciousPlan({ policy: 'agent', llm: { ...server.settings, price }, seed: '2' });
    const rows = history(plan, 5);
    const store = await storeWith(plan, rows);
    const output = await createDecide({ store, openLlm })(inputFor(plan, rows));
    const { calls } = await recordOf(store, plan);
    assert.deepEqual(
      calls.map(({ usd }) => usd),
      [0.0002, 0.0002, 0.0002],
    );
    assert.equal(output.kind === 'proposed' && output.usd, 0.0006);
  });

  it('that nobody knows is null, not 0', async () => {
    const { output, record } = await decided(obedient);
    assert.equal(record.calls[0]?.usd, null);
    assert.equal(output.kind === 'proposed' && output.usd, null);
  });
});

describe('an unusable answer', () => {
  for (const [fault, wrong] of FAULTS) {
    it(`(${fault}) is told, and mended by a better one`, async () => {
      const { record } = await decided(merging(faulty('objects', 2, wrong)));
      assert.equal(record.fallback, false);
      const objects = record.calls.filter((call) => call.purpose === 'objects');
      assert.equal(objects.length, 3);
      assert.match(objects[0]?.fault ?? '', new RegExp(`^${fault}: `));
      assert.equal(objects[2]?.fault, null);
    });

    it(`(${fault}) three times over is replaced by a seeded valid choice that says so`, async () => {
      const one = await decided(merging(faulty('objects', 9, wrong)));
      const two = await decided(merging(faulty('objects', 9, wrong)));
      assert.equal(one.record.fallback, true);
      assert.equal(one.output.kind === 'proposed' && one.output.fallback, true);
      assert.equal(one.record.calls.filter((call) => call.purpose === 'objects').length, 3);
      assert.deepEqual(one.record.proposed, two.record.proposed);
    });
  }

  it('(a repeat) is told which trial was the same', async () => {
    const server = await serve(obedient);
    const [sft] = spaciousPlan().actions;
    assert.ok(sft);
    const only = (value: number | string) => ({ kind: 'choices', values: [value] }) as const;
    const parameters = { ...sft.parameters, learningRate: only(1e-4), tuning: only('full') };
    const actions = [{ ...sft, parameters, datasets: ['alpha', 'beta'], maxDatasets: 1 }];
    const plan = spaciousPlan({ policy: 'agent', llm: server.settings, actions });
    const rows = history(plan, 1);
    const store = await storeWith(plan, rows);
    // The first option of a later decision's shuffled menu is a repeat sooner or later.
    const faults: string[] = [];
    for (let decision = 0; decision < 12; decision += 1) {
      await createDecide({ store, openLlm })({ ...inputFor(plan, rows), decision });
      faults.push(...(await recordOf(store, plan, decision)).calls.flatMap((call) => call.fault ?? []));
    }
    assert.ok(faults.includes('repeat: t0001 was the same'), faults.join());
  });
});

describe('the action type', () => {
  it('that never comes is drawn, and the objects are still asked for', async () => {
    const { record } = await decided(faulty('actionType', 9, (_, __, response) => sendRefusal(response)));
    assert.equal(record.fallback, true);
    assert.equal(record.calls.at(-1)?.purpose, 'objects');
    assert.equal(record.calls.at(-1)?.fault, null);
  });
});
