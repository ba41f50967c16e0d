import assert from 'node:assert/strict';
import { resolvePlan } from './resolve.js';
import { parseSpec } from './spec.js';
import { sampleSpec } from './testSpec.js';

const SOURCES = { models: [], datasets: [], benchmarks: [] };

function resolved(changes: Readonly<Record<string, unknown>>) {
  const parsed = parseSpec(sampleSpec(changes));
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return resolvePlan(parsed.spec, SOURCES, 'sample-00000000');
}

function faultsOf(fidelity: unknown): readonly string[] {
  const parsed = parseSpec(sampleSpec({ fidelity }));
  return parsed.ok ? [] : parsed.faults.map(({ path, rule }) => `${path}: ${rule}`);
}

describe('fidelity in a spec', () => {
  it('leaves no trace in the plan when it is left out', () => {
    assert.ok(!('fidelity' in resolved({})));
  });

  it('becomes rungs, with its defaults filled in', () => {
    assert.deepEqual(resolved({ fidelity: {} }).fidelity, { rungs: [0.25, 0.5, 1], reduction: 2 });
    assert.deepEqual(
      resolved({ fidelity: { smallest: 0.1, reduction: 3 } }).fidelity?.rungs,
      [0.111, 0.333, 1],
    );
  });

  it('is refused where it would leave no rung below all data, or is no share', () => {
    assert.match(faultsOf({ smallest: 0.4, reduction: 3 }).join(), /fidelity\.smallest: at most 1\/3/);
    assert.match(
      faultsOf({ smallest: 0.9 }).join(),
      /fidelity\.smallest: a share of the data from 0\.001 to 0\.5/,
    );
    assert.match(faultsOf({ smalest: 0.25 }).join(), /fidelity\.smalest: a known key/);
    assert.deepEqual(faultsOf({ smallest: 1 / 3, reduction: 3 }), []);
  });

  it('says so when nothing trains', () => {
    const { notes } = resolved({ actions: { merge: {} }, datasets: {}, fidelity: {} });
    assert.ok(notes.includes('fidelity: without effect, since no action trains'));
  });
});
