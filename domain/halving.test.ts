import assert from 'node:assert/strict';
import fc from 'fast-check';
import { recipeOf, rungsFrom, type Fidelity } from './fidelity.js';
import { finalPromotion, nextPromotion, type RungRow } from './halving.js';
import { sampleStageId } from './samples.js';

const FIDELITY: Fidelity = { rungs: [0.25, 0.5, 1], reduction: 2 };
const ACTION = { kind: 'sft', models: [], datasets: [], parameters: {} } as const;

/** A completed trial; `recipe` names the pipeline. */
function row(
  trial: number,
  score: number | null,
  more: Partial<RungRow> & { recipe?: number } = {},
): RungRow {
  const { recipe = trial, ...rest } = more;
  const of = { fidelity: 0.25, recipeId: sampleStageId(1000 + recipe), feasible: score !== null };
  return { trial, stageId: sampleStageId(trial), action: ACTION, score, ...of, ...rest };
}
const promotes = (found: ReturnType<typeof nextPromotion>): readonly unknown[] | null =>
  found === null ? null : [found.row.trial, found.fidelity];

/** Runs a search: new trials with these scores, some in flight for a while, and every promotion as soon as it may be. */
function search(fidelity: Fidelity, scores: readonly number[], delays: readonly number[]) {
  const rows: RungRow[] = [];
  const flights: { readonly row: RungRow; until: number }[] = [];
  let trial = 0;
  let clock = 0;
  const start = (one: RungRow): void => {
    flights.push({ row: one, until: clock + (delays[one.trial % delays.length] ?? 0) });
  };
  const land = (): void => {
    for (const flight of flights.filter(({ until }) => until <= clock)) {
      flights.splice(flights.indexOf(flight), 1);
      rows.push(flight.row);
    }
  };
  const promoteAll = (): void => {
    const inFlight = () => flights.map((one) => one.row);
    for (
      let up = nextPromotion(fidelity, rows, inFlight());
      up !== null;
      up = nextPromotion(fidelity, rows, inFlight())
    ) {
      const { row: from, fidelity: share } = up;
      trial += 1;
      start({ ...from, trial, fidelity: share });
    }
  };
  const tick = (): void => {
    clock += 1;
    land();
    promoteAll();
  };
  for (const score of scores) {
    trial += 1;
    start(row(trial, score, { fidelity: fidelity.rungs[0] ?? 1 }));
    tick();
  }
  while (flights.length > 0) tick();
  return rows;
}

describe('the rungs', () => {
  it('rise by the reduction to all of the data, none below the smallest', () => {
    assert.deepEqual(rungsFrom(0.25, 2), [0.25, 0.5, 1]);
    assert.deepEqual(rungsFrom(0.1, 3), [0.111, 0.333, 1]);
    assert.deepEqual(rungsFrom(0.3, 2), [0.5, 1]);
  });
});

describe('a promotion', () => {
  it('waits until a rung has enough trials, then takes its best', () => {
    assert.equal(nextPromotion(FIDELITY, [row(1, 0.5)], []), null);
    assert.deepEqual(promotes(nextPromotion(FIDELITY, [row(1, 0.5), row(2, 0.6)], [])), [2, 0.5]);
  });

  it('takes feasible trials first, and no failed one', () => {
    const rows = [row(1, 0.9, { feasible: false }), row(2, 0.2), row(3, null), row(4, null)];
    assert.deepEqual(promotes(nextPromotion(FIDELITY, rows, [])), [2, 0.5]);
    assert.equal(nextPromotion(FIDELITY, [row(1, 0.5), row(2, null)], []), null);
  });

  it('looks at the highest rung first', () => {
    const above = [row(5, 0.4, { fidelity: 0.5 }), row(6, 0.3, { fidelity: 0.5 })];
    assert.deepEqual(promotes(nextPromotion(FIDELITY, [row(1, 0.9), row(2, 0.8), ...above], [])), [5, 1]);
  });

  it('is made once, whether its trial is in flight, has failed or has ended', () => {
    const rows = [row(1, 0.5), row(2, 0.6)];
    const up = row(3, null, { fidelity: 0.5, recipe: 2 });
    assert.equal(nextPromotion(FIDELITY, rows, [up]), null);
    assert.equal(nextPromotion(FIDELITY, [...rows, up], []), null);
  });

  it('passes over a pipeline that a person ran further up', () => {
    const rows = [row(1, 0.5), row(2, 0.6), row(3, 0.3), row(4, 0.2)];
    const own = row(5, 0.9, { fidelity: 1, recipe: 2 });
    assert.deepEqual(promotes(nextPromotion(FIDELITY, rows, [own])), [1, 0.5]);
    assert.equal(finalPromotion([row(2, 0.6), own], []), null);
  });

  it('makes a late better trial wait for its share of the rung', () => {
    const rows = [row(1, 0.5), row(2, 0.6), row(3, 0.9)];
    const up = row(4, 0.7, { fidelity: 0.5, recipe: 2 });
    assert.equal(nextPromotion(FIDELITY, rows, [up]), null);
    assert.deepEqual(promotes(nextPromotion(FIDELITY, [...rows, row(5, 0.1)], [up])), [3, 0.5]);
  });

  it('of equal scores is the earlier trial, in whatever order the rows come', () => {
    const rows = [1, 2, 3, 4, 5, 6].map((trial) => row(trial, trial % 2 === 0 ? 0.5 : 0.4));
    fc.assert(
      fc.property(fc.shuffledSubarray(rows, { minLength: rows.length }), (shuffled) => {
        assert.deepEqual(promotes(nextPromotion(FIDELITY, shuffled, [])), [2, 0.5]);
      }),
    );
  });

  it('never takes more than one in `reduction` of a rung, and in the end takes them all, however long trials run', () => {
    const scores = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 40 });
    const delays = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 7 });
    const fidelities = fc.constantFrom<Fidelity>(FIDELITY, { rungs: [0.111, 0.333, 1], reduction: 3 });
    fc.assert(
      fc.property(fidelities, scores, delays, (fidelity, given, waits) => {
        const rows = search(fidelity, given, waits);
        const places = rows.map((one) => `${recipeOf(one)} on ${String(one.fidelity)}`);
        assert.equal(new Set(places).size, places.length);
        const counts = fidelity.rungs.map((share) => rows.filter((one) => one.fidelity === share).length);
        counts.slice(1).forEach((count, index) => {
          assert.equal(count, Math.floor((counts[index] ?? 0) / fidelity.reduction));
        });
      }),
    );
  });

  it('brings the best of a rung up when trials come one by one and all are known', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 1000 }), { minLength: 8, maxLength: 8 }),
        (given) => {
          const rows = search({ rungs: [0.25, 1], reduction: 8 }, given, [0]);
          const up = rows.find((one) => one.fidelity === 1);
          assert.equal(up?.score, Math.max(...given));
        },
      ),
    );
  });
});

describe('a last promotion', () => {
  it('takes feasible pipelines, then those that came further, and none twice', () => {
    const rows = [
      row(1, 0.9, { feasible: false }),
      row(2, 0.6),
      row(3, 0.5),
      row(4, 0.4, { fidelity: 0.5, recipe: 3 }),
    ];
    const first = finalPromotion(rows, []);
    assert.deepEqual(promotes(first), [4, 1]);
    const flying = row(5, null, { fidelity: 1, recipe: 3 });
    assert.deepEqual(promotes(finalPromotion(rows, [flying])), [2, 1]);
    const more = row(6, null, { fidelity: 1, recipe: 2 });
    assert.deepEqual(promotes(finalPromotion([...rows, flying, more], [])), [1, 1]);
    assert.equal(finalPromotion([...rows, flying, more], [row(7, null, { fidelity: 1, recipe: 1 })]), null);
  });
});
