import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { childEnvironment, readEnvironment, storeNeeds } from './env.js';
import { isPermitted, type Need } from './secrets.js';

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

  it('has one thread unless a number is named', () => {
    const at = (LAMDAGENT_THREADS: string) => readEnvironment({ LAMDAGENT_THREADS }).threads;
    assert.equal(readEnvironment({}).threads, null);
    assert.equal(at('2'), 2);
    for (const bad of ['0', '-1', '1.5', 'all', '4096'])
      assert.throws(() => at(bad), /LAMDAGENT_THREADS: expected/);
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

  it('takes the address of a hub without a slash at its end, and without a password', () => {
    const at = (HF_ENDPOINT: string) => readEnvironment({ HF_ENDPOINT }).hubEndpoint;
    assert.equal(readEnvironment({}).hubEndpoint, 'https://huggingface.co');
    assert.equal(at('https://mirror.example/hf/'), 'https://mirror.example/hf');
    for (const bad of [
      'huggingface.co',
      'file:///x',
      'https://user:canary@host',
      'https://host?token=canary',
    ])
      assert.throws(
        () => at(bad),
        (error) =>
          error instanceof Error &&
          /^HF_ENDPOINT: expected/.test(error.message) &&
          !error.message.includes('canary'),
      );
  });

  it('says nothing but text, and serves no metrics, unless it is asked to', () => {
    const { log, metrics, otlp } = readEnvironment({});
    assert.deepEqual([log, metrics, otlp], [{ format: 'text', level: 'INFO' }, null, null]);
    const asked = readEnvironment({
      ...{ LAMDAGENT_LOG: 'json', LAMDAGENT_LOG_LEVEL: 'debug', LAMDAGENT_METRICS: '127.0.0.1:9464' },
      ...{
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318',
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
      },
    });
    assert.deepEqual([asked.log, asked.metrics], [{ format: 'json', level: 'DEBUG' }, '127.0.0.1:9464']);
    assert.deepEqual(asked.otlp, { url: 'http://127.0.0.1:4318', isHttp: true });
    assert.throws(
      () => readEnvironment({ LAMDAGENT_LOG: 'xml' }),
      /LAMDAGENT_LOG: expected one of text, json, got xml/,
    );
    assert.throws(
      () => readEnvironment({ LAMDAGENT_LOG_LEVEL: 'loud' }),
      /expected one of TRACE, .*, got LOUD/,
    );
    for (const bad of [
      '9464',
      ':9464',
      '127.0.0.1',
      '127.0.0.1:0',
      '127.0.0.1:70000',
      'http://127.0.0.1:9464',
    ])
      assert.throws(
        () => readEnvironment({ LAMDAGENT_METRICS: bad }),
        /LAMDAGENT_METRICS: expected host:port/,
      );
    assert.throws(
      () => readEnvironment({ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector' }),
      /expected an http, https or grpc/,
    );
  });

  it('refuses a port that is none', () => {
    assert.throws(
      () => readEnvironment({ LAMDAGENT_PORT: 'http' }),
      /LAMDAGENT_PORT: expected a port from 1 to 65535, got http/,
    );
  });

  it('keeps secrets and another Temporal service from processes that need neither', () => {
    const before = { ...process.env };
    Object.assign(process.env, {
      TEMPORAL_API_KEY: 't',
      OPENAI_API_KEY: 'o',
      LAMDAGENT_JUDGE_API_KEY: 'j',
      AWS_PROFILE: 'a',
      HF_TOKEN: 'h',
      LAMDAGENT_BUILD_ID: 'b',
      LAMDAGENT_DEVICE: 'cpu',
    });
    const named = (needs: readonly Need[]): readonly string[] =>
      Object.keys(childEnvironment({ A: 'b' }, needs)).filter((name) => !(name in before));
    try {
      const plain = ['LAMDAGENT_DEVICE', 'TEMPORAL_CONFIG_FILE', 'LAMDAGENT_PARENT_PID', 'A'];
      assert.deepEqual(new Set(named([])), new Set(plain));
      assert.deepEqual(new Set(named(['store'])), new Set(['AWS_PROFILE', ...plain]));
      assert.deepEqual(new Set(named(['llm'])), new Set(['OPENAI_API_KEY', ...plain]));
      assert.deepEqual(new Set(named(['judge'])), new Set(['LAMDAGENT_JUDGE_API_KEY', ...plain]));
      assert.deepEqual(new Set(named(['hub'])), new Set(['HF_TOKEN', ...plain]));
      assert.equal(childEnvironment({})['LAMDAGENT_PARENT_PID'], String(process.pid));
    } finally {
      process.env = before;
    }
  });

  it('knows secrets by what they are called, and nothing else', () => {
    const secret =
      'HF_TOKEN WANDB_API_KEY GITHUB_TOKEN PGPASSWORD MYSQL_PWD_PASSWORD db_secret GOOGLE_APPLICATION_CREDENTIALS AWS_REGION';
    const plain =
      'PATH HOME TOKENIZERS_PARALLELISM CUDA_VISIBLE_DEVICES OMP_NUM_THREADS HTTPS_PROXY PIP_INDEX_URL SSL_CERT_FILE KEYMAP AUTHOR LAMDAGENT_FAILPOINTS';
    for (const name of secret.split(' ')) assert.equal(isPermitted(name, []), false, name);
    for (const name of plain.split(' ')) assert.equal(isPermitted(name, []), true, name);
  });

  it('gives AWS variables to no one when the store is a folder', () => {
    assert.deepEqual(storeNeeds({ store: '/somewhere' }), []);
    assert.deepEqual(storeNeeds({ store: 's3://bucket/prefix' }), ['store']);
  });

  it("lets a process of the person's own Temporal service have its settings", () => {
    process.env['TEMPORAL_PROFILE'] = 'prod';
    const env = childEnvironment({}, ['temporal']);
    delete process.env['TEMPORAL_PROFILE'];
    assert.equal(env['TEMPORAL_PROFILE'], 'prod');
    assert.equal(env['TEMPORAL_CONFIG_FILE'], process.env['TEMPORAL_CONFIG_FILE']);
  });
});
