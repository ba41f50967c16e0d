import assert from 'node:assert/strict';
import { catalogue } from './catalogue.js';
import { copyCode, type Code } from './code.js';
import { ordered } from './campaign.js';
import { PROMISES } from './fault.js';
import { runLeg } from './leg.js';
import { SLACK_SECONDS } from './lost.js';
import { PLANTS } from './plants.js';
import { randomOf } from '../../domain/random.js';
import { tinySpec } from './spec.js';
import { sameExploration } from './twin.js';

/** A few faults of the matrix; `npm run test:kill` runs them all. */
const FEW = [
  'kill between checkpoint files',
  'kill all at once',
  'SIGTERM to the GPU worker',
  'kill after publishing',
];

describe('the kill matrix', function () {
  this.timeout(600_000);
  let code: Code;
  before(() => {
    code = copyCode();
  });
  after(() => {
    code.remove();
  });

  it('kills an exploration a few times, and finds it as if nothing had happened', async () => {
    const world = { code: code.root, say: () => undefined };
    const faults = FEW.map((name) => catalogue.find((fault) => fault.name === name) ?? assert.fail(name));
    const { items, left } = await runLeg({
      ...{ title: 'few', say: () => undefined, faults, world, twinWorld: world, random: randomOf('few') },
      ...{ comparison: sameExploration, slackSeconds: SLACK_SECONDS },
      spec: tinySpec({ name: 'few', seed: 1, trials: 1, steps: 80 }),
    });
    assert.deepEqual(
      items.flatMap(({ fault, broken }) => broken.map((line) => `${fault}: ${line}`)),
      [],
    );
    assert.deepEqual(left, []);
  });

  it('orders its faults by the seed alone, each once before any comes again', () => {
    const names = (seed: number) =>
      ordered(catalogue, 2 * catalogue.length, randomOf(seed)).map(({ name }) => name);
    assert.deepEqual(names(7), names(7));
    assert.notDeepEqual(names(7), names(8));
    assert.equal(new Set(names(7).slice(0, catalogue.length)).size, catalogue.length);
  });

  it('has a planted bug for every promise, and each still fits the code', () => {
    assert.deepEqual([...new Set(PLANTS.map(({ promise }) => promise))].sort(), [...PROMISES]);
    for (const { mutations } of PLANTS) copyCode(mutations).remove();
  });
});
