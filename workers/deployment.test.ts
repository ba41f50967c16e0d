import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withFolder } from '../test/harness.js';
import { deploymentOptions } from './deployment.js';

describe('the versions of orchestrators', () => {
  it('are off by default', () => {
    assert.deepEqual(deploymentOptions({ deployment: null, buildId: null }, 'nowhere'), {});
  });

  it('are pinned, named by the hash of the workflows unless told otherwise', async () => {
    await withFolder((folder) => {
      const bundle = join(folder, 'bundle.js');
      writeFileSync(bundle, 'abc');
      const idOf = (buildId: string | null) =>
        deploymentOptions({ deployment: 'fleet', buildId }, bundle).workerDeploymentOptions;
      assert.deepEqual(idOf(null), {
        version: { deploymentName: 'fleet', buildId: 'ba7816bf8f01cfea' },
        useWorkerVersioning: true,
        defaultVersioningBehavior: 'PINNED',
      });
      assert.equal(idOf('1.2.3')?.version.buildId, '1.2.3');
      return Promise.resolve();
    });
  });

  it('refuse names that Temporal would, and a build id that has no deployment', () => {
    const refused = (deployment: string | null, buildId: string | null, message: RegExp): void => {
      assert.throws(() => deploymentOptions({ deployment, buildId }, 'nowhere'), message);
    };
    refused('a.b', null, /LAMDAGENT_DEPLOYMENT: expected a name of letters, digits, .* got a\.b/);
    refused('fleet', 'a b', /LAMDAGENT_BUILD_ID: expected letters, .* got a b/);
    refused(null, '1', /LAMDAGENT_BUILD_ID: expected LAMDAGENT_DEPLOYMENT beside it, got none/);
  });
});
