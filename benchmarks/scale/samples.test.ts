import assert from 'node:assert/strict';
import { at, meanBetween, perRow, type Sample } from './samples.js';

/** The hundredth row took 0.1 s, later ones 0.2 s; memory grows by a byte a row. */
const sample = (rows: number): Sample => ({
  ...{ rows, seconds: rows <= 100 ? rows / 10 : 10 + (rows - 100) / 5, serverCpu: rows / 20 },
  ...{ orchestratorCpu: 0, workersCpu: 0, orchestratorRss: 1000 + rows, serverRss: 0 },
});
const samples = [0, 40, 100, 160, 200].map(sample);

describe('samples of a long exploration', () => {
  it('tell a figure at any number of rows between the first and the last', () => {
    assert.equal(at(samples, 100, 'seconds'), 10);
    assert.equal(at(samples, 70, 'seconds'), 7);
    assert.ok(Number.isNaN(at(samples, 201, 'seconds')));
    assert.ok(Number.isNaN(at(samples.slice(1), 20, 'seconds')));
  });

  it('tell what a row took', () => {
    assert.ok(Math.abs(perRow(samples, [20, 80], 'seconds') - 0.1) < 1e-9);
    assert.ok(Math.abs(perRow(samples, [120, 200], 'seconds') - 0.2) < 1e-9);
    assert.ok(Math.abs(perRow(samples, [120, 200], 'serverCpu') - 0.05) < 1e-9);
  });

  it('tell what was held on average', () => {
    assert.equal(meanBetween(samples, [100, 200], 'orchestratorRss'), 1000 + 460 / 3);
  });
});
