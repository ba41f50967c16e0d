import assert from 'node:assert/strict';
import { withFolder } from '../../test/harness.js';
import { loadCurves, trainingsOf, type Curves } from '../ledger/curves.js';
import { loadExploration, type StoredExploration } from '../ledger/read.js';
import { keys } from '../store/keys.js';
import { curvesCsv, pointsFor } from './curvesCsv.js';
import { drawnOf } from './curves.js';
import { renderReport } from './report.js';
import { writeSyntheticLedger } from './testLedger.js';
import { imbalanceOf, sectionText } from './testPage.js';
import { recordsInMemory } from './testStore.js';

const BYTES_FOR_100_TRIALS = 1e6;

async function synthetic(trials: number): Promise<readonly [StoredExploration, Curves]> {
  return withFolder(async (folder) => {
    const store = recordsInMemory(folder);
    await writeSyntheticLedger(store, { trials });
    const found = await loadExploration(store, 'synthetic');
    assert.ok(found);
    return [found, await loadCurves(store, found.rows)];
  });
}

describe('learning curves in the report', () => {
  let found: StoredExploration;
  let curves: Curves;
  let page = '';
  before(async () => {
    [found, curves] = await synthetic(24);
    page = renderReport(found, { curves });
  });

  it('draws every training once, with a mark at each step where an attempt went on', () => {
    const drawn = drawnOf(found, curves);
    assert.ok(drawn.length > 10);
    assert.equal(drawn.length, curves.size);
    assert.equal(page.split('<g id="curve-').length - 1, drawn.length);
    const section = /aria-labelledby="curves">(.*?)<\/section>/s.exec(page)?.[1] ?? '';
    const resumed = drawn.flatMap(({ training: { stage } }) => [
      ...new Set(stage.attempts.map(({ resumedStep }) => resumedStep).filter((step) => step > 0)),
    ]);
    assert.ok(resumed.length > 0);
    assert.equal(section.split('class="event resumed"').length - 1, resumed.length);
    assert.doesNotMatch(section, /NaN|Infinity|undefined/);
    assert.equal(imbalanceOf(page.replace(/<script>[^]*?<\/script>/, '')), null);
  });

  it('shows in a trial what it reused too, by the same picture', () => {
    const row = found.rows.find(({ stages }) =>
      stages.some(({ reused, stageId }) => reused && curves.has(stageId)),
    );
    const reused = row?.stages.find((stage) => stage.reused && curves.has(stage.stageId));
    assert.ok(row && reused);
    const name = `t${String(row.trial).padStart(4, '0')}`;
    const trial = new RegExp(`id="${name}" class="trial">(.*?)</details>`, 's').exec(page)?.[1] ?? '';
    assert.ok(trial.includes(`<use href="#curve-${reused.stageId.slice(0, 12)}" />`));
    assert.match(trial, /\(reused\): \d\.\d{3} → \d\.\d{3}, \d+ steps/);
  });

  it('says where a training diverged', async () => {
    const [many, theirs] = await synthetic(60);
    const row = many.rows.find(({ status }) => status === 'diverged');
    assert.ok(row && theirs.has(row.stageId));
    assert.match(
      sectionText(renderReport(many, { curves: theirs }), 'curves'),
      /, then none that is finite, \d+ steps/,
    );
  });

  it('has no such section, and the two losses instead, for ledgers of before', () => {
    const old = renderReport(found);
    assert.doesNotMatch(old, /id="curves"|curve-|-curves\.csv/);
    assert.match(sectionText(old, 'training'), /were trained before curves were recorded/);
    assert.doesNotMatch(sectionText(page, 'training'), /were trained before/);
  });

  it('gives the points as CSV, fewer where there are many trainings', () => {
    const drawn = drawnOf(found, curves);
    const lines = curvesCsv(drawn, 10).trim().split('\r\n');
    assert.equal(lines.length, 1 + 10 * drawn.length);
    assert.match(lines[1] ?? '', /^t\d{4} (sft|dpo),1,\d+\.?\d*,[\de.-]+,\d+\.?\d*,8200,/);
    assert.deepEqual([pointsFor(2, 4), pointsFor(90, 100), pointsFor(900, 1000)], [200, 14, 14]);
  });

  it('takes a page of 100 trials to no more than 1 MB', async () => {
    const [many, theirs] = await synthetic(98);
    const bytes = Buffer.byteLength(renderReport(many, { curves: theirs }));
    assert.ok(bytes <= BYTES_FOR_100_TRIALS, `page: expected at most 1 MB, got ${String(bytes)} bytes`);
  });
});

describe('the recorded curves', () => {
  it('are read where they are there, and taken for none where they are something else', async () => {
    await withFolder(async (folder) => {
      const store = recordsInMemory(folder);
      await writeSyntheticLedger(store, { trials: 6 });
      const rows = (await loadExploration(store, 'synthetic'))?.rows ?? [];
      const [first, second] = trainingsOf(rows);
      assert.ok(first && second);
      await store.replace(keys.curve(first.stage.stageId), '{"schemaVersion": 1');
      await store.replace(keys.curve(second.stage.stageId), '{"schemaVersion": 2}');
      const read = await loadCurves(store, rows);
      assert.equal(read.size, trainingsOf(rows).length - 2);
      assert.ok(!read.has(first.stage.stageId) && !read.has(second.stage.stageId));
    });
  });
});
