import assert from 'node:assert/strict';
import { samplePlan, sampleProposal, sampleResult } from '../../domain/samples.js';
import type { TrialRecord } from '../../domain/trial.js';
import { keys } from '../store/keys.js';
import type { Store } from '../store/store.js';
import { createLedgerReader } from './ledgerReader.js';
import { memoryStore } from './memoryStore.js';

const ROWS = 12;

/** A store with ledgers of these names, and what was read of it. */
async function ledgers(
  names: readonly string[],
): Promise<{ readonly store: Store; readonly read: string[] }> {
  const store = memoryStore();
  for (const explorationId of names) {
    await store.putIfAbsent(keys.plan(explorationId), JSON.stringify(samplePlan({ explorationId })));
    for (let trial = 0; trial < ROWS; trial += 1)
      await store.putIfAbsent(keys.row(explorationId, trial), JSON.stringify(rowOf(trial)));
  }
  const read: string[] = [];
  const watched = (key: string): Promise<string | null> => {
    read.push(key);
    return store.read(key);
  };
  return { store: { ...store, read: watched }, read };
}

function rowOf(trial: number): TrialRecord {
  const judged = { score: trial / 20, standardError: 0.01, feasible: true };
  return {
    ...{
      schemaVersion: 1,
      ...sampleProposal(trial, 'policy'),
      ...sampleResult(trial, trial / 20),
      ...judged,
    },
    sequence: trial,
  };
}

describe('the reader of a ledger', () => {
  it('reads each row once, however often and for whichever exploration it is asked', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `search-${String(index)}`);
    const { store, read } = await ledgers(names);
    const reader = createLedgerReader(store);
    for (let count = 0; count <= ROWS; count += 3)
      for (const name of names) assert.equal((await reader.first(name, count)).ledger.length, count);
    assert.equal(read.length, names.length * (ROWS + 1));
  });

  it('gives two attempts at once the same rows, none of them twice', async () => {
    const { store } = await ledgers(['search']);
    const reader = createLedgerReader(store);
    const [one, other] = await Promise.all([reader.first('search', ROWS), reader.first('search', ROWS)]);
    assert.deepEqual(one.ledger, other.ledger);
    assert.deepEqual(
      one.ledger.map(({ trial }) => trial),
      Array.from({ length: ROWS }, (_, trial) => trial),
    );
  });

  it('knows an earlier moment too, and leaves the rows that it gave as they were', async () => {
    const { store } = await ledgers(['search']);
    const reader = createLedgerReader(store);
    const few = await reader.first('search', 5);
    const all = await reader.first('search', ROWS);
    const again = await reader.first('search', 5);
    assert.equal(few.standing.rows.length, 5);
    assert.deepEqual(again.ledger, few.ledger);
    assert.equal(again.standing.pool.size, 5);
    assert.equal(all.standing.pool.size, ROWS);
  });

  it('asks again for a row that a store shows late', async () => {
    const { store } = await ledgers(['search']);
    const reader = createLedgerReader(store);
    await assert.rejects(reader.first('search', ROWS + 1), /expected a record/);
    assert.equal((await reader.first('search', ROWS)).ledger.length, ROWS);
  });
});
