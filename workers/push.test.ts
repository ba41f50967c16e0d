import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEnvironment } from './env.js';
import { EXIT, UserFault } from './fault.js';
import { requirePushable, runPush } from './push.js';

describe('a push to a hub', () => {
  it('is refused before anything is written where it could only fail', () => {
    const usage = (error: unknown): boolean => error instanceof UserFault && error.exitCode === EXIT.usage;
    assert.throws(() => {
      requirePushable({ hubToken: null }, 'someone/a-model');
    }, usage);
    for (const repository of ['a-model', 'a/b/c', '../x/y', 'https://huggingface.co/a/b', ''])
      assert.throws(() => {
        requirePushable({ hubToken: 'hf_x' }, repository);
      }, usage);
    requirePushable({ hubToken: 'hf_x' }, 'someone/a-model');
  });

  it('says in one line why the hub did not take it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lamdagent-push-'));
    try {
      writeFileSync(join(folder, 'README.md'), '# a model\n');
      const env = { ...readEnvironment(), hubEndpoint: 'http://127.0.0.1:9' };
      await assert.rejects(
        runPush(env, folder, { repository: 'someone/a-model', isPublic: false }),
        /^UserFault: push to someone\/a-model: expected an upload, got .+ The same command goes on\.$/,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
