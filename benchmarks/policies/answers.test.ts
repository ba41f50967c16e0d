import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LlmClient, LlmRequest } from '../../activities/decide/exchange.js';
import { openAnswers } from './answers.js';

describe('the table of answers', () => {
  let folder: string;
  let sent: string[];
  const client: LlmClient = {
    limits: { promptTokens: 750, boundedText: true, boundedNumbers: false },
    complete: ({ messages }) => {
      sent.push(messages[0]?.content ?? '');
      return Promise.resolve({
        kind: 'text',
        text: `${String(sent.length)}`,
        ...{ promptTokens: 7, completionTokens: 1 },
      });
    },
  };
  const question = (content: string): LlmRequest => ({
    ...{ purpose: 'memory', messages: [{ role: 'user', content }], schema: { type: 'object' } },
  });
  const open = (model = 'tiny') => openAnswers({ model, client, file: join(folder, 'answers.jsonl') });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lamdagent-answers-'));
    sent = [];
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('asks each question once, also in a later run, whether that one before ended or was killed', async () => {
    const first = open();
    assert.equal((await first.client.complete(question('a'))).text, '1');
    assert.equal((await first.client.complete(question('b'))).text, '2');
    assert.equal((await first.client.complete(question('a'))).text, '1');
    const afterKill = open();
    assert.equal((await afterKill.client.complete(question('b'))).text, '2');
    afterKill.settle();
    first.settle();
    const afterEnd = open();
    assert.equal((await afterEnd.client.complete(question('a'))).text, '1');
    assert.deepEqual([sent, first.asked(), afterEnd.asked()], [['a', 'b'], 2, 0]);
  });

  it('is sorted when settled', async () => {
    const answers = open();
    for (const text of ['a', 'b', 'c', 'd']) await answers.client.complete(question(text));
    answers.settle();
    const [, ...rows] = (await readFile(join(folder, 'answers.jsonl'), 'utf8')).trim().split('\n');
    assert.deepEqual(rows, [...rows].sort());
    assert.equal(rows.length, 4);
  });

  it('takes no answer of another model', async () => {
    const first = open();
    await first.client.complete(question('a'));
    first.settle();
    const other = open('large');
    await other.client.complete(question('a'));
    assert.equal(other.asked(), 1);
  });
});
