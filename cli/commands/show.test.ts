import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { createDecide } from '../../activities/decide/decide.js';
import { createOpenLlm } from '../../activities/decide/openLlm.js';
import {
  obedient,
  sendText,
  startScriptedLlm,
  type ScriptedLlm,
} from '../../activities/decide/scriptedLlm.js';
import { history, rowFor, spaciousPlan } from '../../activities/decide/testWorld.js';
import type { TrialView } from '../../activities/ledger/trialView.js';
import { createFolderStore } from '../../activities/store/folder.js';
import { keys } from '../../activities/store/keys.js';
import type { Store } from '../../activities/store/store.js';
import { sampleAttempt, sampleCurve } from '../../domain/samples.js';
import type { StageCost } from '../../domain/trial.js';
import { readEnvironment } from '../../workers/env.js';
import { UserFault } from '../../workers/fault.js';
import { homeAt } from '../../workers/home.js';
import type { Context } from '../context.js';
import { openTerminal } from '../terminal.js';
import { addShow } from './show.js';

const TRAINED = 'c0'.repeat(32);
const RESUMED: StageCost = {
  ...{ stageId: TRAINED, kind: 'sft', reused: false, gpuSeconds: 0, lostGpuSeconds: 0 },
  attempts: [sampleAttempt(), sampleAttempt({ attempt: 2, resumedStep: 12, lastStep: 30 })],
};

describe('lamdagent show', () => {
  let folder = '';
  let server: ScriptedLlm | null = null;
  let store: Store;

  /** Five trials, then one that the agent decided: its objects were refused once. */
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lamdagent-show-'));
    store = createFolderStore(join(folder, 'store'));
    let refused = false;
    server = await startScriptedLlm((request, index, response) => {
      const isObjects = request.body.response_format.json_schema.name === 'objects';
      if (isObjects && !refused) {
        refused = true;
        sendText(response, 'I like m1.');
      } else obedient(request, index, response);
    });
    const price = { promptPerMillion: 1, completionPerMillion: 10 };
    const plan = spaciousPlan({ policy: 'agent', seed: '2', llm: { ...server.settings, price } });
    const { explorationId } = plan;
    await store.putIfAbsent(keys.plan(explorationId), JSON.stringify(plan));
    await store.replace(
      keys.name(plan.name),
      JSON.stringify({ explorationId, workflowId: '', startedAt: '' }),
    );
    const put = (row: ReturnType<typeof rowFor>) =>
      store.putIfAbsent(keys.row(explorationId, row.sequence), JSON.stringify(row));
    for (const row of history(plan, 5)) await put(row);
    await store.replace(keys.curve(TRAINED), JSON.stringify(sampleCurve(30, { stageId: TRAINED })));
    const decide = createDecide({ store, openLlm: createOpenLlm({ apiKey: 'test', embedded: null }) });
    const input = { explorationId, decision: 0, trial: 6, ledgerRows: 6, inFlight: [] };
    const output = await decide(input);
    assert.equal(output.kind, 'proposed');
    if (output.kind === 'proposed') await put({ ...rowFor(plan, output.proposed), stages: [RESUMED] });
  });
  after(async () => {
    await server?.stop();
    await rm(folder, { recursive: true });
  });

  async function shown(...args: readonly string[]): Promise<string> {
    const printed: string[] = [];
    const env = { ...readEnvironment({}, folder), store: join(folder, 'store') };
    const terminal = { ...openTerminal(env), print: (text: string) => void printed.push(text) };
    const context: Context = { env, home: homeAt(env.home), store, terminal };
    const program = new Command().exitOverride();
    addShow(program, async (work) => {
      assert.equal(await work(context), 0);
    });
    await program.parseAsync(['show', ...args], { from: 'user' });
    return printed.join('\n');
  }

  it('tells why in people’s words, then what it is, how good it is and what it cost', async () => {
    const text = await shown('sample', 't0006');
    for (const words of [
      /^t0006 {2}\w+ .*\(sample, completed\)/,
      /\nWhy\n {2}The agent policy chose it in decision 0\.\n {2}Reason given: because it is first/,
      /It saw 6 finished trials; nothing was running\./,
      /Its notes: because it is first/,
      /Chosen from shuffled lists: actionType \w+ \(place 1 of 2\), models \S+ \(place 1 of \d\)/,
      /LLM: 4 calls, 400 \+ 40 tokens, \$0\.0008, .* prompts [0-9a-f]{8} /,
      /refused: objects: badJson: expected one JSON object/,
      /\nWhat it is\n {2}1\. base: given\n/,
      /\nScores on the search split, intervals 95 %\n {2}score 0\.\d{4} \(0\.\d{4} to .*\), constraints (met|not met)/,
      /against the base: [+-]0\.\d{4} \(.*; items not paired\)/,
      /guard +watched .* (met|missed) by 0\.\d{4} \(at least 0\.\d{4}\)/,
      /\nTraining loss\n {2}t0006 sft {2}█[▁▂▃▄▅▆▇█]{22}▁ {2}2\.000 → 1\.000, 30 steps, ▷ at 12\n/,
      /\nCost\n {2}0\.0 GPU-seconds; decision 440 tokens, \$0\.0008/,
    ])
      assert.match(text, words);
    assert.doesNotMatch(text, /You search for/);
  });

  it('shows every prompt and answer in full where it is asked to, and repairs by what they add', async () => {
    const text = await shown('sample', '6', '--prompts');
    assert.equal(text.match(/===== call \d/g)?.length, 4);
    assert.equal(text.match(/You search for the best/g)?.length, 3);
    assert.match(text, /----- answer \(text\)\nI like m1\.\n/);
    assert.match(text, /call 3: objects.*\n----- user\nYour last answer did not fit the schema/);
  });

  it('gives the same as JSON, prompts only where asked', async () => {
    const view = JSON.parse(await shown('sample', 't6', '--json')) as TrialView & {
      readonly curves: readonly { readonly name: string; readonly step: readonly number[] }[];
    };
    assert.deepEqual(
      view.curves.map(({ name, step }) => [name, step.length]),
      [['t0006 sft', 30]],
    );
    assert.deepEqual([view.trial, view.why?.how, view.why?.usd], ['t0006', 'chosen', 0.0008]);
    assert.ok(!('exchanges' in view));
    const full = JSON.parse(await shown('sample', 't6', '--json', '--prompts')) as { exchanges: object[] };
    assert.equal(full.exchanges.length, 4);
  });

  it('refuses names and trials that are not there, with the nearest one', async () => {
    const refused =
      (...args: readonly string[]) =>
      (pattern: RegExp) =>
        assert.rejects(shown(...args), (error) => error instanceof UserFault && pattern.test(error.message));
    await refused('samples', 't0001')(/got samples\. Did you mean sample\?/);
    await refused(
      'sample',
      't0060',
    )(/trial: expected one of exploration sample, got t0060\. Did you mean t0000\? It has t0000 to t0006/);
    await refused('sample', 'best')(/got best\. It has t0000 to t0006/);
  });
});
