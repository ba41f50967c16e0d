import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { childEnvironment, readEnvironment } from './env.js';

describe('the environment', () => {
  it('has a default for everything', () => {
    const env = readEnvironment({}, '/somewhere');
    assert.equal(env.home, '/somewhere/.lamdagent');
    assert.equal(env.store, '/somewhere/.lamdagent/store');
    assert.equal(env.cache, '/somewhere/.lamdagent/cache');
    assert.equal(env.device, 'auto');
    assert.equal(env.port, null);
    assert.equal(env.hasTemporal, false);
    assert.equal(env.openAiKey, null);
    assert.ok(existsSync(join(env.root, 'package.json')));
  });

  it('takes paths relative to the working folder', () => {
    assert.equal(readEnvironment({ LAMDAGENT_HOME: 'x' }, '/somewhere').home, '/somewhere/x');
  });

  it('takes a store on S3 as it is, and refuses one that is none', () => {
    const at = (store: string) => readEnvironment({ LAMDAGENT_STORE: store }, '/somewhere').store;
    assert.equal(at('s3://bucket/a/prefix/'), 's3://bucket/a/prefix');
    assert.equal(at('relative'), '/somewhere/relative');
    assert.throws(() => at('s3://Bucket/../x'), /store: expected a folder or s3:\/\/bucket\/prefix/);
  });

  it('gives the AWS credentials to the processes that use the store, and to no other', () => {
    process.env['AWS_SECRET_ACCESS_KEY'] = 'secret';
    const [with_, without] = [childEnvironment({}, { usesStore: true }), childEnvironment({})];
    delete process.env['AWS_SECRET_ACCESS_KEY'];
    assert.equal(with_['AWS_SECRET_ACCESS_KEY'], 'secret');
    assert.equal(without['AWS_SECRET_ACCESS_KEY'], undefined);
  });

  it('refuses a port that is none', () => {
    assert.throws(
      () => readEnvironment({ LAMDAGENT_PORT: 'http' }),
      /LAMDAGENT_PORT: expected a port from 1 to 65535, got http/,
    );
  });

  it("lets a process of the person's own Temporal service have its settings", () => {
    process.env['TEMPORAL_PROFILE'] = 'prod';
    const env = childEnvironment({}, { usesOwnTemporal: true });
    delete process.env['TEMPORAL_PROFILE'];
    assert.equal(env['TEMPORAL_PROFILE'], 'prod');
    assert.equal(env['TEMPORAL_CONFIG_FILE'], process.env['TEMPORAL_CONFIG_FILE']);
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
