import assert from 'node:assert/strict';
import { withFolder } from '../../test/harness.js';
import { loadExploration, type StoredExploration } from '../ledger/read.js';
import { ABILITIES, concluded, searchedWorld, type Ability } from '../ledger/testWorld.js';
import { createFolderStore } from '../store/folder.js';
import { renderReport } from './report.js';
import { imbalanceOf, sectionText } from './testPage.js';

async function withConcluded(
  use: (found: StoredExploration, page: string) => void,
  options: { readonly bound?: number; readonly abilities?: readonly Ability[] } = {},
): Promise<void> {
  await withFolder(async (folder) => {
    const store = createFolderStore(folder);
    const constraints = [{ benchmark: 'guard', relativeToBase: true, bound: options.bound ?? -0.05 }];
    await concluded(await searchedWorld(store, { constraints }, options.abilities));
    const found = await loadExploration(store, 'sample');
    assert.ok(found);
    use(found, renderReport(found));
  });
}

const INTERVAL = String.raw`-?\d+\.\d \[-?\d+\.\d, -?\d+\.\d\]`;

describe('the section from search to test', () => {
  it('shows base, SFT on all data and champion on all three splits, each with its interval', async () => {
    await withConcluded((_, page) => {
      const text = sectionText(page, 'splits');
      const three = `${INTERVAL} ${INTERVAL} ${INTERVAL}`;
      assert.match(text, new RegExp(`base ${three} –`));
      assert.match(text, new RegExp(`SFT on all data \\(t0001\\) ${three} not met`));
      assert.match(text, new RegExp(`t0002, champion ${three} shown`));
      assert.match(text, /t0003 \d+\.\d ± \d+\.\d \d+\.\d ± \d+\.\d not opened/);
      assert.match(text, new RegExp(`the base ${three} SFT on all data ${three}`));
    });
  });

  it('draws every score and gain with its interval, without other scripts, network or open elements', async () => {
    await withConcluded(({ result }, page) => {
      const marks = [...page.matchAll(/class="mark"/g)].length;
      assert.equal(marks, 9 + 6);
      assert.equal([...page.matchAll(/class="interval"/g)].length, marks);
      assert.equal([...page.matchAll(/class="zero"/g)].length, 1);
      const value = result?.figures?.models[2]?.test?.value ?? 0;
      assert.match(page, new RegExp(`<title>champion t0002, test: ${(100 * value).toFixed(1)} \\[`));
      assert.equal(imbalanceOf(page), null);
      const told = page.replace(/<script>[^]*?<\/script>/, '');
      assert.ok(!/<script|<img|NaN|undefined|Infinity/.test(told));
      assert.ok(!/(src|href)\s*=\s*"?(https?:)?\/\//i.test(page));
    });
  });

  it('keeps every mark and interval inside the drawing', async () => {
    await withConcluded((_, page) => {
      for (const [, x1, x2] of page.matchAll(/class="interval"\s+x1="([\d.-]+)"\s+x2="([\d.-]+)"/g)) {
        assert.ok(
          Number(x1) >= 190 && Number(x2) <= 610 && Number(x1) < Number(x2),
          `${x1 ?? ''} ${x2 ?? ''}`,
        );
      }
    });
  });

  it('states the shrinkage, what luck explains, the finalists and the opening', async () => {
    await withConcluded((_, page) => {
      const text = sectionText(page, 'splits');
      assert.match(
        text,
        /Score of t0002: [-+]\d+\.\d points from search to confirm, [-+]\d+\.\d points from search/,
      );
      assert.match(
        text,
        /Of 2 equally good models the best-looking is expected to look \d\.\d points better/,
      );
      assert.match(text, /c\(2\) = 0\.564 standard errors/);
      assert.match(
        text,
        /best of 2 finalists .* up to 0\.56 standard errors\. Each was tested at a level of 95\.0 %.* up to 10\.0 % in all/,
      );
      assert.match(text, /3 evaluated, 2 feasible, 2 finalists, 1 champion/);
      assert.match(text, /Test split: opened at 2.*Z by run-1, once/);
    });
  });

  it('says in the headline and the table which constraint is not shown, and by how much', async () => {
    await withConcluded(
      (_, page) => {
        assert.match(
          sectionText(page, 'headline'),
          /it is not shown to keep guard constraint not shown: guard: .* short by 0\.0\d\d/,
        );
        assert.match(
          sectionText(page, 'splits'),
          /t0002, champion confirm guard, against the base .* met, not shown: short by \d\.\d/,
        );
        assert.match(sectionText(page, 'splits'), /t0002, champion test guard, against the base/);
      },
      { bound: -0.01 },
    );
  });

  it('says that no improvement was found where the base is kept', async () => {
    const abilities = ABILITIES.map((one) => (one.origin === 'policy' ? { ...one, skill: 0.1 } : one));
    await withConcluded(
      (_, page) => {
        assert.match(sectionText(page, 'headline'), /no improvement found, the base is kept/);
        const text = sectionText(page, 'splits');
        assert.match(text, /no gain to show: the base is kept/);
        assert.match(text, /2 finalists, 0 champion/);
        assert.ok(!text.includes('Shrinkage'));
        assert.equal(imbalanceOf(page), null);
      },
      { abilities },
    );
  });

  it('still shows results of 0.1, which have no figures', async () => {
    await withConcluded((found) => {
      const { result } = found;
      assert.ok(result);
      const { figures: _, ...old } = result;
      const { openings: __, ...store } = found;
      const page = renderReport({ ...store, result: old });
      assert.match(sectionText(page, 'splits'), /no record of its opening.*Gain on confirm: .*gain on test:/);
      assert.equal(imbalanceOf(page), null);
    });
  });
});

describe('the trade-offs', () => {
  it('show score against the guard and the cost, with the front', async () => {
    await withConcluded((_, page) => {
      const text = sectionText(page, 'tradeoffs');
      assert.match(text, /Score against guard, percent/);
      assert.match(text, /Score against GPU time of the whole pipeline/);
      assert.match(sectionText(page, 'leaderboard'), /met \(1\.00\) guard, cost/);
    });
  });
});
