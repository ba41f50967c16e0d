import assert from 'node:assert/strict';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { startServer, withFolder } from '../test/harness.js';
import { SEARCH_ATTRIBUTES } from '../workflows/contract.js';
import { readEnvironment, type Environment } from './env.js';
import { serviceFindings } from './serviceDoctor.js';

describe('doctor looks at the Temporal service', function () {
  this.timeout(120_000);
  const variables = { ...process.env };
  let server: TestWorkflowEnvironment;
  before(async () => {
    server = await startServer();
  });
  afterEach(() => {
    process.env = { ...variables };
  });
  after(() => server.teardown());

  async function found(
    set: Readonly<Record<string, string>>,
    mend = false,
  ): Promise<readonly (readonly [check: string, ok: boolean, text: string])[]> {
    return withFolder(async (home) => {
      // Without the profile of whoever runs this.
      process.env = { ...variables, HOME: home, XDG_CONFIG_HOME: home, ...set };
      const env: Environment = readEnvironment({ ...set, LAMDAGENT_HOME: home });
      const findings = await serviceFindings(env, { mend });
      return findings.map((one) => [one.check, one.ok, `${one.found}. ${one.fix}`]);
    });
  }

  it('and finds nothing wrong where none is named and none runs', async () => {
    assert.deepEqual(
      (await found({})).map(([check, ok]) => [check, ok]),
      [['Temporal service', true]],
    );
  });

  it('and says so where the one that is named does not answer', async () => {
    const [[check, ok, text] = ['', true, '']] = await found({ TEMPORAL_ADDRESS: '127.0.0.1:1' });
    assert.deepEqual([check, ok], ['Temporal service', false]);
    assert.match(text, /expected an answer at 127\.0\.0\.1:1/);
  });

  it('and says which namespace is missing, and how to make it', async () => {
    const here = { TEMPORAL_ADDRESS: server.address, TEMPORAL_NAMESPACE: 'elsewhere' };
    const [service, namespace] = await found(here);
    assert.deepEqual(service?.slice(0, 2), ['Temporal service', true]);
    assert.match(service?.[2] ?? '', /server \d+\.\d+/);
    assert.deepEqual(namespace?.slice(0, 2), ['namespace', false]);
    assert.match(namespace?.[2] ?? '', /temporal operator namespace create --namespace elsewhere/);
  });

  it('and registers search attributes that are missing when it is told to', async () => {
    const here = { TEMPORAL_ADDRESS: server.address };
    const attributes = async (mend: boolean) =>
      (await found(here, mend)).find(([check]) => check === 'search attributes') ?? assert.fail();
    const [, before_, text] = await attributes(false);
    assert.equal(before_, false);
    for (const name of Object.keys(SEARCH_ATTRIBUTES))
      assert.ok(text.includes(`--name ${name} --type `), text);
    let [, isThere] = await attributes(true);
    while (!isThere) [, isThere] = await attributes(true);
    assert.deepEqual((await attributes(false)).slice(1, 2), [true]);
  });

  it('and says that nobody polls the queue of orchestrators', async () => {
    const last = (await found({ TEMPORAL_ADDRESS: server.address })).at(-1);
    assert.deepEqual(last?.slice(0, 2), ['orchestrators', false]);
    assert.match(last?.[2] ?? '', /lamdagent up/);
  });
});
