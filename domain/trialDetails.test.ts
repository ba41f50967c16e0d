import assert from 'node:assert/strict';
import { FAILURE_STATUSES } from './outcome.js';
import { samplePlan, sampleProposal, sampleResult } from './samples.js';
import type { ProposedTrial } from './trial.js';
import { endedTrialDetails, trialDetails, trialStaticDetails } from './trialDetails.js';

const plan = samplePlan();
const base = plan.models[0]?.stageId ?? '';
const proposed: ProposedTrial = {
  ...sampleProposal(7, 'policy'),
  label: 'sft learningRate=0.0001 on base: alpha',
  action: { kind: 'sft', models: [base], datasets: ['alpha'], parameters: { learningRate: 1e-4, steps: 10 } },
};
const benchmarks = plan.benchmarks;
/** Without the gaps between columns. */
const plain = (text: string): string => text.replaceAll('\u00a0', '');

describe("a trial's page in the Web UI", () => {
  it('says what it is, who proposed it and what it is scored on', () => {
    const text = plain(trialStaticDetails(plan, proposed, 'search'));
    assert.match(text, /^\*\*t0007 SFT learningRate=0\.0001 on base: alpha\*\*$/m);
    assert.match(text, /^\| proposed by \| the policy, decision 5 \|$/m);
    assert.match(text, /^\| on stages \| base \|$/m);
    assert.match(text, /^\| learningRate \| 0\.0001 \|$/m);
    assert.match(text, /^\| scored on \| skill, guard \(search\) \|$/m);
    assert.match(text, /`npx lamdagent show sample t0007`/);
    const finalist = plain(trialStaticDetails(plan, proposed, 'confirm'));
    assert.match(
      finalist,
      /^\| why \| scored on items that the search never saw, to choose the champion \|$/m,
    );
    assert.match(finalist, /^\| scored on \| skill, guard \(confirm\) \|$/m);
    const person = plain(
      trialStaticDetails(plan, { ...proposed, origin: 'proposed', intervention: 3, retryOf: 4 }, null),
    );
    assert.match(person, /^\| proposed by \| a person, act 3: t0004 again \|$/m);
    assert.match(person, /^\| scored on \| skill, guard \|$/m);
  });

  it('says what is done now', () => {
    assert.equal(
      trialDetails(proposed, { doing: 'training', stages: 2, made: 1 }),
      '**t0007 SFT learningRate=0.0001 on base: alpha** training; 1 of 2 stages made',
    );
  });

  it('ends with the scores and what they cost', () => {
    const text = plain(endedTrialDetails('sample', proposed, sampleResult(7, 0.5), benchmarks));
    assert.match(text, /completed: score 0\.5000 ± 0\.\d{4}/);
    assert.match(text, /^\| skill \| 0\.5000 ± /m);
    assert.match(text, /GPU-seconds in \d+ attempts/);
    assert.ok(!text.includes('What to do'));
  });

  it('or with what failed, why, and what to do, for each way to fail', () => {
    for (const status of FAILURE_STATUSES) {
      const result = { ...sampleResult(7, 0.5), status, scores: {}, message: 'loss at step 3: got | nan' };
      const text = endedTrialDetails('sample', proposed, result, benchmarks);
      assert.match(text, new RegExp(`failed: \\*\\*${status}\\*\\*`));
      assert.match(text, /^loss at step 3: got \\\| nan$/m);
      assert.match(text, /^What to do: .{40,}$/m);
      assert.match(text, /retry sample t0007/);
    }
  });

  it('never takes more than the Web UI shows', () => {
    const parameters = Object.fromEntries(
      Array.from({ length: 900 }, (_, index) => [`p${String(index)}`, 'x'.repeat(99)]),
    );
    const { action } = proposed;
    assert.ok(action);
    const large = { ...proposed, action: { ...action, parameters } };
    assert.ok(Buffer.byteLength(trialStaticDetails(plan, large, 'search')) < 20_000);
    const said = { ...sampleResult(7, 0.5), status: 'crashed', message: 'é'.repeat(30_000) } as const;
    assert.ok(Buffer.byteLength(endedTrialDetails('sample', proposed, said, benchmarks)) < 20_000);
  });
});
