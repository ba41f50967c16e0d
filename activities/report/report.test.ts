import assert from 'node:assert/strict';
import { withFolder } from '../../test/harness.js';
import { loadExploration, type StoredExploration } from '../ledger/read.js';
import { renderReport } from './report.js';
import { writeSyntheticLedger } from './testLedger.js';
import { imbalanceOf, sectionText } from './testPage.js';
import type { LedgerOptions } from './testPlan.js';
import { recordsInMemory } from './testStore.js';

async function synthetic(options: LedgerOptions): Promise<StoredExploration> {
  return withFolder(async (folder) => {
    const store = recordsInMemory(folder);
    await writeSyntheticLedger(store, options);
    const found = await loadExploration(store, options.name ?? 'synthetic');
    assert.ok(found);
    return found;
  });
}

describe('the report as a whole', () => {
  let ended: StoredExploration;
  let running: StoredExploration;
  before(async () => {
    ended = await synthetic({ trials: 14 });
    running = await synthetic({ trials: 14, isRunning: true });
  });

  it('is the same page for the same ledger, with every element closed', () => {
    for (const found of [ended, running]) {
      const page = renderReport(found);
      assert.equal(renderReport(JSON.parse(JSON.stringify(found)) as StoredExploration), page);
      assert.equal(imbalanceOf(page.replace(/<script>[^]*?<\/script>/, '')), null);
    }
  });

  it('links to every section and every trial that it has, and to nothing else', () => {
    for (const found of [ended, running]) {
      const page = renderReport(found);
      const ids = new Set([...page.matchAll(/ id="([\w.-]+)"/g)].map(([, id]) => id));
      const links = [...page.matchAll(/ href="#([\w.-]+)"/g)].map(([, id]) => id ?? '');
      assert.deepEqual(
        links.filter((id) => !ids.has(id)),
        [],
      );
      for (const [, id] of page.matchAll(/<h2 id="([\w.-]+)"/g)) assert.ok(links.includes(id ?? ''), id);
      for (const { trial } of found.rows) assert.ok(links.includes(`t${String(trial).padStart(4, '0')}`));
    }
  });

  it('shows trials in flight with the reason why they were proposed', () => {
    const [pending] = running.decisions.filter(
      ({ proposed }) => !running.rows.some((row) => row.trial === proposed.trial),
    );
    assert.ok(pending);
    const text = sectionText(renderReport(running), 'trials');
    assert.match(text, /: in flight/);
    assert.ok(text.includes(pending.reason.slice(0, 40)));
  });

  it('marks each attempt that was cut short and each resume, in the timeline and in the curve of its stage', () => {
    const attempts = ended.rows.flatMap(({ stages }) =>
      stages.filter(({ reused }) => !reused).flatMap((stage) => stage.attempts),
    );
    const page = renderReport(ended);
    const count = (section: string, mark: string): number =>
      new RegExp(`aria-labelledby="${section}">(.*?)</section>`, 's')
        .exec(page)?.[1]
        ?.split(`class="event ${mark}"`).length ?? 0;
    for (const mark of ['preempted', 'lost', 'failed'] as const) {
      const expected = attempts.filter(({ end }) => end === mark).length;
      assert.equal(count('timeline', mark) - 1, expected + 1, `${mark}: one a mark and one in the legend`);
    }
    const resumed = attempts.filter(({ resumedStep }) => resumedStep > 0).length;
    assert.ok(resumed > 0);
    assert.equal(count('timeline', 'resumed') - 1, resumed + 1);
    assert.equal(count('training', 'resumed') - 1, resumed);
  });

  it('cuts long texts of others, so that none can make the page too large', () => {
    const long = 'word '.repeat(20_000);
    const rows = ended.rows.map((row) => ({ ...row, label: long, message: long }));
    const page = renderReport({ ...ended, rows });
    assert.ok(page.length < 2 * renderReport(ended).length, String(page.length));
  });
});
