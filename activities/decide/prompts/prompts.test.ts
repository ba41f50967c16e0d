import assert from 'node:assert/strict';
import { sha256Hex } from '../../../domain/stage.js';
import { actionTypePrompt } from './actionType.js';
import { memoryPrompt } from './memory.js';
import { objectsPrompt } from './objects.js';
import { systemPrompt } from './system.js';
import { PROMPT_VERSION } from './version.js';

/** The wording of every published version; add a line with each new version, never edit one. */
const WORDING: Readonly<Record<string, string>> = {
  'agent-1': 'e04ff97d3c35a8bb4afb7bd3043d92a039fc501064108c2c961909d3a9dfa3bd',
};

describe('the prompts', () => {
  it('keep their wording within a version: recorded decisions depend on it', () => {
    const shared = { digest: 'D', table: 'T', running: 'R', left: 'L' };
    const texts = [
      systemPrompt('O'),
      memoryPrompt({ digest: 'D', results: 'R', counts: 'C' }),
      actionTypePrompt({ ...shared, counts: 'C', options: 'O' }),
      objectsPrompt({ ...shared, action: 'A', models: 'M', modelCount: '2', datasets: 'S', parameters: 'P' }),
    ];
    assert.equal(sha256Hex(texts.join('\n')), WORDING[PROMPT_VERSION]);
  });
});
