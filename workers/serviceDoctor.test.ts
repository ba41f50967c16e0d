import assert from 'node:assert/strict';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { createServiceActivities } from '../activities/service/service.js';
import { ATTRIBUTE_NAMES } from '../activities/service/attributes.js';
import { createDoubles } from '../test/doubles.js';
import { startOrchestrator, startServer, withFolder } from '../test/harness.js';
import { QUEUES } from '../workflows/contract.js';
import type { Finding } from './doctor.js';
import { readEnvironment } from './env.js';
import { serviceFindings } from './serviceDoctor.js';

// temporal.api.enums.v1.IndexedValueType
const [INT, DOUBLE] = [3, 4];

describe('the doctor looks at the Temporal service', () => {
  const before_ = { ...process.env };
  let server: TestWorkflowEnvironment;
  before(async () => {
    server = await startServer(['--namespace', 'crowded']);
  });
  after(async () => {
    process.env = { ...before_ };
    await server.teardown();
  });
  async function find(namespace: string, fix = false): Promise<ReadonlyMap<string, Finding>> {
    Object.assign(process.env, { TEMPORAL_ADDRESS: server.address, TEMPORAL_NAMESPACE: namespace });
    const findings = await serviceFindings(readEnvironment({ ...process.env }), fix);
    return new Map(findings.map((finding) => [finding.check, finding]));
  }

  it('and says its version, the namespace, what is missing there, and registers it only with --fix', async () => {
    const before = await find('default');
    assert.match(before.get('Temporal service')?.found ?? '', /answers, server \d+\.\d+/);
    assert.match(before.get('namespace')?.found ?? '', /^default, keeps closed workflows \d+ h$/);
    const missing = before.get('search attributes');
    assert.deepEqual([missing?.ok, missing?.found], [false, `missing: ${ATTRIBUTE_NAMES.join(', ')}`]);
    assert.match(
      missing?.fix ?? '',
      /doctor --fix.*search-attribute create --namespace default --name ExplorationName --type Keyword/,
    );
    assert.equal((await find('default')).get('search attributes')?.ok, false, 'looking changes nothing');
    const fixed = (await find('default', true)).get('search attributes');
    const all = String(ATTRIBUTE_NAMES.length);
    assert.deepEqual(
      [fixed?.ok, fixed?.found],
      [true, `all ${all} are registered, ${all} of them registered now`],
    );
    assert.equal((await find('default')).get('search attributes')?.found, `all ${all} are registered`);
  });

  it('and tells a running exploration that has no orchestrator', async () => {
    assert.equal((await find('default')).get('orchestrators')?.found, 'none, and no exploration runs');
    const start = { args: [{}], taskQueue: QUEUES.orchestrator, workflowId: 'explore/waiting' };
    const handle = await server.client.workflow.start('explore', start);
    let waiting = (await find('default')).get('orchestrators');
    while (waiting?.ok === true) waiting = (await find('default')).get('orchestrators');
    assert.equal(waiting?.found, 'none, and 1 running explorations need one');
    assert.match(waiting?.fix ?? '', /npx lamdagent up/);
    await handle.terminate();
    const orchestrator = await startOrchestrator(server, createDoubles({}).activities);
    await orchestrator.runUntil(async () => {
      let found = (await find('default')).get('orchestrators');
      while (found?.found.startsWith('none') === true) found = (await find('default')).get('orchestrators');
      assert.equal(found?.ok, true);
    });
  });

  it('and tells a namespace that is not there, and attributes of another type; those are never written', async () => {
    const absent = await find('nowhere');
    assert.equal(absent.get('namespace')?.ok, false);
    assert.match(absent.get('namespace')?.fix ?? '', /namespace create --namespace nowhere/);
    assert.ok(!absent.has('search attributes'));

    const { client } = server;
    const others = { Phase: INT, Rainfall: DOUBLE, Wind: DOUBLE };
    await client.connection.operatorService.addSearchAttributes({
      namespace: 'crowded',
      searchAttributes: others,
    });
    const odd = (await find('crowded', true)).get('search attributes');
    assert.equal(odd?.ok, false);
    assert.match(odd?.found ?? '', /Phase is there as Int, which ours is not/);
    assert.match(odd?.found ?? '', /missing: GpuSeconds, TrialScore \(/, 'SQLite takes three of type Double');

    const warnings: string[] = [];
    const crowded = new Proxy(client, {
      get: (target, name) =>
        name === 'options'
          ? { ...target.options, namespace: 'crowded' }
          : (Reflect.get(target, name) as unknown),
    });
    const service = createServiceActivities({ client: crowded, warn: (line) => warnings.push(line) });
    const writable = await service.searchAttributes();
    assert.ok(
      !['Phase', 'GpuSeconds', 'TrialScore'].some((name) => writable.includes(name)),
      writable.join(', '),
    );
    assert.ok(writable.includes('ExplorationName') && writable.includes('BestScore'));
    assert.match(warnings.join('\n'), /expected GpuSeconds, TrialScore, Phase in namespace crowded/);
  });

  it('and tells one that does not answer; where none is named, that is no fault', async () => {
    process.env['TEMPORAL_ADDRESS'] = '127.0.0.1:1';
    const [silent, ...more] = await serviceFindings(readEnvironment({ ...process.env }), false);
    assert.deepEqual([silent?.ok, silent?.found, more.length], [false, 'no answer from 127.0.0.1:1', 0]);
    delete process.env['TEMPORAL_ADDRESS'];
    delete process.env['TEMPORAL_NAMESPACE'];
    await withFolder(async (home) => {
      const env = readEnvironment({ PATH: process.env['PATH'], LAMDAGENT_HOME: home });
      const [none] = await serviceFindings(env, false);
      assert.equal(none?.ok, true);
      assert.match(none?.found ?? '', /none runs here and none is named/);
    });
  });
});
