import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256Hex } from '../../../domain/stage.js';
import { goldenText, MEASURED, SUGGESTED } from './golden.js';
import { PROMPT_VERSION } from './version.js';

/**
 * The text of every published version: `golden/VERSION.txt` holds what is sent in a fixed exploration, and here is its
 * hash. Add a file and a line with each new version, never edit one: recorded decisions depend on the wording.
 * `npx tsx activities/decide/prompts/writeGolden.ts` writes the file of the current version.
 */
const PUBLISHED: Readonly<Record<string, string>> = {
  'agent-1': '5b81e858a5f96975bec3c8037952d9b5b8c799258ee75a27f5c7bc39250a8ef8',
  'agent-2': 'a33f7f7d5cbfc26abaf046bbdd5e48b413c0e05a3f55ac30ad6550bbc1063098',
  'agent-3': 'a6638514f3159c790e90e39bb8858eb9040ea401d5064f92458ebc20c4eb1319',
};
const FOLDER = join(import.meta.dirname, 'golden');
const golden = (version: string): string => readFileSync(join(FOLDER, `${version}.txt`), 'utf8');

describe('the prompts', () => {
  it('keep their text within a version', async () => {
    assert.equal(await goldenText(), golden(PROMPT_VERSION));
  });

  it('of earlier versions are kept as they were', () => {
    assert.deepEqual(
      readdirSync(FOLDER).sort(),
      Object.keys(PUBLISHED).map((version) => `${version}.txt`),
    );
    for (const [version, hash] of Object.entries(PUBLISHED)) assert.equal(sha256Hex(golden(version)), hash);
  });

  it('show recipe, scores, cost and constraint status of candidates, the budget left, what runs, and a nudge', async () => {
    const text = await goldenText();
    const [, measured = ''] = text.split(MEASURED);
    assert.match(
      text,
      /- m\d: t0002 = base > sft\(beta, .*\); score 0\.520±0\.050; .*; CONSTRAINT BROKEN \(guard -0\.080\); cost 640 sequences/,
    );
    assert.match(text, /t0003 merge\(.*; constraints met \(guard \+0\.001\)/);
    assert.match(text, /Running now, results unknown: sft\(alpha, learningRate 0\.0003, steps 40\) on base/);
    assert.match(text, /Left: 15 of 20 trials\./);
    assert.match(text, /4 of the last 5 actions were sft\. Unless/);
    assert.match(measured, /cost 21 GPU-s/);
    assert.match(
      measured,
      /Left: 15 of 20 trials, 451 of 500 GPU-s, 19000 of 20000 LLM tokens, 0\.9 of 1 \$\./,
    );
  });

  it('show what a sampler proposes in the ids of the menu, and nothing of it without one', async () => {
    const [without = '', suggested = ''] = (await goldenText()).split(SUGGESTED);
    assert.doesNotMatch(without, /sampler/);
    assert.match(suggested, /A sampler fitted to the results proposes, best first: merge, sft, merge\./);
    assert.match(suggested, /- m4: t0002 = base > sft/);
    assert.match(
      suggested,
      /best first:\n- models m4; datasets d2; learningRate 0\.0001; steps 80\nTake one/,
    );
  });

  it('hold nothing that a clock measured unless the plan says so', async () => {
    assert.doesNotMatch((await goldenText()).split(MEASURED)[0] ?? '', /GPU-s|wall/);
  });
});
