import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { devNull, tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEnvironment } from '../workers/env.js';
import { foregroundOrchestrator, orchestratorProgram } from '../workers/orchestrator.js';
import { homeAt } from '../workers/home.js';
import { serviceWith } from '../workers/connect.js';

describe('lamdagent orchestrator', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'lamdagent-orchestrator-'));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });
  const fleet = {
    LAMDAGENT_STORE: 's3://bucket/fleet',
    LAMDAGENT_DEPLOYMENT: 'fleet',
    LAMDAGENT_BUILD_ID: 'b1',
  };

  it('hands on what its options name, and the build of a versioned fleet', () => {
    const env = readEnvironment({ ...fleet, LAMDAGENT_HOME: folder });
    const {
      args,
      env: variables,
      needs = [],
    } = foregroundOrchestrator(env, {
      address: 'far:7233',
      namespace: 'fleet',
      cache: '/copies',
    });
    assert.deepEqual(args.slice(2), ['--address=far:7233', '--namespace=fleet']);
    assert.deepEqual(variables, { ...fleet, LAMDAGENT_HOME: folder, LAMDAGENT_CACHE: '/copies' });
    assert.deepEqual([...needs].sort(), ['hub', 'llm', 'store', 'temporal']);
  });

  it('needs no account of a store in a folder, and no build where none is asked for', () => {
    const env = readEnvironment({
      ...fleet,
      LAMDAGENT_HOME: folder,
      LAMDAGENT_DEPLOYMENT: '',
      LAMDAGENT_BUILD_ID: '',
    });
    const {
      args,
      env: variables,
      needs = [],
    } = foregroundOrchestrator(env, { store: join(folder, 'store') });
    assert.equal(args.length, 2);
    assert.equal(variables['LAMDAGENT_STORE'], join(folder, 'store'));
    assert.ok(!('LAMDAGENT_DEPLOYMENT' in variables));
    assert.ok(!needs.includes('store'));
  });

  it('is not versioned in an embedded installation, nor has the service of the person', () => {
    const env = readEnvironment({ ...fleet, LAMDAGENT_HOME: folder });
    const program = orchestratorProgram(env, homeAt(folder), '127.0.0.1:1');
    assert.ok(!('LAMDAGENT_DEPLOYMENT' in program.env));
    assert.ok(!(program.needs ?? []).includes('temporal'));
  });

  it('connects without profiles in an embedded installation', () => {
    const before = process.env['TEMPORAL_CONFIG_FILE'];
    process.env['TEMPORAL_CONFIG_FILE'] = devNull;
    try {
      assert.equal(serviceWith({ address: '127.0.0.1:1' }).address, '127.0.0.1:1');
    } finally {
      if (before === undefined) delete process.env['TEMPORAL_CONFIG_FILE'];
      else process.env['TEMPORAL_CONFIG_FILE'] = before;
    }
  });

  it('takes from the profile what no option names', () => {
    const { address, namespace } = serviceWith({ address: 'far:7233' });
    assert.deepEqual([address, namespace], ['far:7233', process.env['TEMPORAL_NAMESPACE'] ?? 'default']);
    assert.equal(serviceWith({ namespace: 'fleet' }).namespace, 'fleet');
  });
});
