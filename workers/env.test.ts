import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { childEnvironment, readEnvironment } from './env.js';

describe('the environment', () => {
  it('has a default for everything', () => {
    const env = readEnvironment({}, '/somewhere');
    assert.equal(env.home, '/somewhere/.lamdagent');
    assert.equal(env.store, '/somewhere/.lamdagent/store');
    assert.equal(env.device, 'auto');
    assert.equal(env.port, null);
    assert.equal(env.hasTemporal, false);
    assert.equal(env.openAiKey, null);
    assert.ok(existsSync(join(env.root, 'package.json')));
  });

  it('takes paths relative to the working folder', () => {
    assert.equal(readEnvironment({ LAMDAGENT_HOME: 'x' }, '/somewhere').home, '/somewhere/x');
  });

  it('refuses a port that is none', () => {
    assert.throws(
      () => readEnvironment({ LAMDAGENT_PORT: 'http' }),
      /LAMDAGENT_PORT: expected a port from 1 to 65535, got http/,
    );
  });

  it('keeps another Temporal service away from embedded processes', () => {
    process.env['TEMPORAL_API_KEY'] = 'secret';
    const env = childEnvironment({ A: 'b' });
    delete process.env['TEMPORAL_API_KEY'];
    assert.equal(env['TEMPORAL_API_KEY'], undefined);
    assert.equal(env['LAMDAGENT_PARENT_PID'], String(process.pid));
    assert.equal(env['A'], 'b');
  });
});
