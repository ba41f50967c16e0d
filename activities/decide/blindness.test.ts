import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SPLITS, type Plan } from '../../domain/plan.js';
import { createPrepare } from '../spec/prepare.js';
import { item, jsonLines, sampleSpec, writeWorld } from '../spec/testSpec.js';
import { createFolderStore } from '../store/folder.js';
import { keys } from '../store/keys.js';
import type { Store } from '../store/store.js';
import { createDecide } from './decide.js';
import { createOpenLlm } from './openLlm.js';
import { POLICIES } from './policies.js';
import { obedient, startScriptedLlm, type ScriptedLlm } from './scriptedLlm.js';
import { contextFor, history } from './testWorld.js';

/** Stand in every item, its answer and its id, of every split. */
const MARKERS = ['QUESTIONMARKER', 'ANSWERMARKER', 'IDMARKER'] as const;
/** A score that only later splits have, in every form that it may be written in. */
const SECRET = 0.8642975;
const SECRET_FORMS = ['8642975', '0.864', '86.4', '.8643'] as const;

/** An exploration whose items and whose scores on confirm and test can be told from everything else. */
describe('what a policy is given', () => {
  let root = '';
  let store: Store;
  let server: ScriptedLlm;
  let plan: Plan;

  before(async () => {
    root = await writeWorld();
    for (const name of ['skill', 'guard'])
      for (const split of SPLITS) await writeFile(join(root, name, `${split}.jsonl`), marked(name, split));
    store = createFolderStore(join(root, 'store'));
    server = await startScriptedLlm(obedient);
    const { baseUrl, model } = server.settings;
    const spec = sampleSpec({
      policy: 'agent',
      llm: { baseUrl, model },
      agent: { explore: 0, costs: 'seconds' },
    });
    const prepare = createPrepare({ store, root });
    ({ plan } = await prepare({ spec: spec as never, workflowId: 'explore/sample', firstRunId: 'run' }));
    for (const row of history(plan, 12))
      await store.putIfAbsent(keys.row(plan.explorationId, row.sequence), JSON.stringify(row));
    await scoreLaterSplits();
  });
  after(async () => {
    await server.stop();
    await rm(root, { recursive: true });
  });

  function marked(name: string, split: string): string {
    const questions = [1, 2].map((number) => `${name} ${split} ${String(number)}`);
    return jsonLines(
      questions.map((question) =>
        item(`QUESTIONMARKER ${question}`, {
          id: `IDMARKER ${question}`,
          answers: [`ANSWERMARKER ${question}`],
        }),
      ),
    );
  }

  /** As if finalists had been scored on confirm and test already. */
  async function scoreLaterSplits(): Promise<void> {
    for (const row of history(plan, 12))
      for (const split of ['confirm', 'test'] as const) {
        const secret = Object.entries(row.scores).map(([name, of]) => [name, { ...of, score: SECRET }]);
        const text = JSON.stringify({ ...row, scores: Object.fromEntries(secret) as object });
        await store.putIfAbsent(keys.finalRow(plan.explorationId, split, row.trial), text);
      }
  }

  function leaks(text: string): readonly string[] {
    return [...MARKERS, ...SECRET_FORMS].filter((mark) => text.includes(mark));
  }

  async function decide(decision: number): Promise<void> {
    const { explorationId } = plan;
    const decided = await createDecide({ store, openLlm: createOpenLlm({ apiKey: 'test', embedded: null }) })(
      {
        ...{ explorationId, decision, trial: 13 + decision, ledgerRows: 13, inFlight: [] },
        spent: { llmTokens: 0, usd: 0 },
      },
    );
    assert.equal(decided.kind, 'proposed');
  }

  it('the marks are where they should be: in the store, out of sight', async () => {
    const [manifest, row] = await Promise.all([
      store.openFile(plan.benchmarks[0]?.splits.search.stageId ?? '', 'items.jsonl'),
      store.read(keys.finalRow(plan.explorationId, 'test', 1)),
    ]);
    assert.ok(manifest);
    assert.deepEqual(leaks(row ?? ''), ['8642975', '0.864']);
  });

  it('as prompts holds no item and no score of a later split, in any decision', async () => {
    for (const decision of [0, 1, 2, 3, 4, 5]) await decide(decision);
    assert.ok(server.seen.length >= 12);
    assert.ok(server.seen.some(({ body }) => JSON.stringify(body).includes('score 0.')));
    for (const { body } of server.seen) assert.deepEqual(leaks(JSON.stringify(body)), []);
  });

  it('as records that it leaves behind holds none either', async () => {
    for (const key of await store.list(`decisions/${plan.explorationId}`))
      assert.deepEqual(leaks((await store.read(key)) ?? ''), [], key);
  });

  it('as its context holds aggregate search scores alone, for every policy', () => {
    for (const name of Object.keys(POLICIES)) {
      const { llm: _, pool, tried, ...context } = contextFor(plan, history(plan, 12), {});
      const all = JSON.stringify({ name, ...context, pool: [...pool], tried: [...tried] });
      assert.deepEqual(leaks(all), []);
      assert.ok(all.includes('"score":'));
    }
  });

  it('would be found out: a planted leak is seen', () => {
    assert.deepEqual(leaks('the answer is ANSWERMARKER skill test 1'), ['ANSWERMARKER']);
    assert.deepEqual(leaks(`test ${SECRET.toFixed(3)}`), ['0.864']);
    assert.deepEqual(leaks(`test ${(100 * SECRET).toFixed(1)}`), ['86.4']);
  });
});
