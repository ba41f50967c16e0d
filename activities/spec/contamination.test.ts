import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import type { ContaminationRecord } from '../../domain/contamination.js';
import type { Json } from '../../domain/json.js';
import type { Plan } from '../../domain/plan.js';
import { loadExploration } from '../ledger/read.js';
import { renderReport } from '../report/report.js';
import { createFolderStore } from '../store/folder.js';
import { keys } from '../store/keys.js';
import type { Store } from '../store/store.js';
import { inspectDatasets, requireUnchanged } from './gate.js';
import { createPrepare } from './prepare.js';
import { checkSpec, readSpecFile } from './spec.js';
import { PLANTED, plantCopies } from './testContamination.js';
import { item, jsonLines, sampleSpec, writeWorld } from './testSpec.js';

describe('the contamination gate', () => {
  const folders: string[] = [];
  const folder = async (made: Promise<string>): Promise<string> => {
    folders.push(await made);
    return made;
  };
  let root: string;
  let store: Store;
  beforeEach(async () => {
    root = await folder(writeWorld());
    store = createFolderStore(await folder(mkdtemp(join(tmpdir(), 'lamdagent-gate-'))));
    await plantCopies(root, { planted: true });
  });
  afterEach(() => Promise.all(folders.splice(0).map((one) => rm(one, { recursive: true, force: true }))));

  const prepare = async (contamination?: object, firstRunId = 'run', from = root): Promise<Plan> => {
    const spec = sampleSpec(contamination === undefined ? {} : { contamination }) as Json;
    const input = { spec, workflowId: 'explore/sample', firstRunId };
    return (await createPrepare({ store, root: from })(input)).plan;
  };
  const recordOf = async ({ explorationId, contamination }: Plan): Promise<ContaminationRecord> => {
    const key = keys.contamination(explorationId, contamination?.recordSha256 ?? '');
    return JSON.parse((await store.read(key)) ?? '') as ContaminationRecord;
  };
  const rows = ({ datasets }: Plan) => datasets.map((one) => [one.name, one.rows]);
  const report = async (): Promise<string> => {
    const found = await loadExploration(store, 'sample');
    assert.ok(found);
    const [, section = ''] =
      /aria-labelledby="contamination">(.*?)<\/section>/s.exec(renderReport(found)) ?? [];
    return section.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ');
  };
  const refusal = async (contamination: object): Promise<string> => {
    const failure = await prepare(contamination).then(
      () => null,
      (error: unknown) => error,
    );
    assert.ok(failure instanceof ApplicationFailure);
    assert.deepEqual([failure.type, failure.nonRetryable], ['InvalidSpec', true]);
    return failure.message.replaceAll(`${root}/`, '');
  };

  it('drops every row that copies an item, and names it with the item', async () => {
    const plan = await prepare();
    assert.deepEqual(rows(plan), [
      ['alpha', 60],
      ['beta', 2],
      ['terse', 40],
    ]);
    const record = await recordOf(plan);
    const named = record.datasets.flatMap(({ matches }) =>
      matches.map(({ dataset, row, item, kind }) => ({ dataset, row, item, kind })),
    );
    assert.deepEqual(named, PLANTED);
    assert.deepEqual(
      record.datasets.map(({ matchedRows, droppedRows, rows: all }) => [matchedRows, droppedRows, all]),
      [
        [4, 4, 64],
        [0, 0, 2],
        [1, 1, 41],
      ],
    );
    assert.deepEqual(record.datasets[0]?.splits, [{ benchmark: 'skill', split: 'test', rows: 4, items: 4 }]);
    assert.match(record.datasets[0]?.matches[3]?.rowText ?? '', /^Q: A farmer .*…$/);
  });

  const question = 'Which planet of the solar system has the shortest year of them all?';
  const asked = { id: 'one', messages: [{ role: 'user', content: question }] };
  const prose =
    'In the year of the flood the bakers of the lower town sold their bread from boats, at night.';
  const truth = [{ 'planets.year': { planet: ['Mercury'], unit: ['days', ''] } }];
  const kinds: readonly (readonly [string, object, object, readonly string[]])[] = [
    [
      'multiple choice',
      { kind: 'multipleChoice' },
      { ...asked, choices: ['Venus', 'Mercury'], answer: 1 },
      [`Q: ${question} A: Mercury`],
    ],
    [
      'perplexity',
      { kind: 'perplexity' },
      { id: 'one', text: prose },
      [`Chapter 1. ${prose} Then came spring.`],
    ],
    [
      'questions for a judge, with and without their follow-up',
      { kind: 'judge', judge: { baseUrl: 'http://127.0.0.1:1/v1', model: 'm' } },
      { ...asked, followUp: 'And the longest?', reference: 'Mercury' },
      [`Q: ${question} A: Mercury`, `${question} Mercury. And the longest? Venus.`],
    ],
    [
      'expected calls, as Python and as JSON',
      { metric: 'bfclAst' },
      { ...asked, ground_truth: truth },
      [
        `Q: ${question} A: planets.year(planet="Mercury", unit="days")`,
        `Q: ${question} A: [{"name":"planets.year","arguments":{"planet":"Mercury","unit":"days"}}]`,
      ],
    ],
  ];
  for (const [what, kind, item, copies] of kinds)
    it(`knows the texts of items of ${what}`, async () => {
      await writeFile(join(root, 'guard', 'judge.md'), 'Rate {answer}.');
      for (const split of ['search', 'confirm', 'test']) {
        const other = { ...item, id: split, ...('text' in item ? { text: `${split} text` } : {}) };
        const messages = [{ role: 'user', content: `a ${split} question` }];
        const row = split === 'test' ? item : { ...other, ...('text' in item ? {} : { messages }) };
        await writeFile(join(root, 'guard', `${split}.jsonl`), jsonLines([row]));
      }
      await writeFile(
        join(root, 'beta.jsonl'),
        jsonLines([...copies, 'clean text', `${question} Venus`].map((text) => ({ text }))),
      );
      const benchmarks = { skill: { path: 'skill' }, guard: { path: 'guard', ...kind } };
      const spec = sampleSpec({ benchmarks, contamination: { rejectAbove: 1 } }) as Json;
      const input = { spec, workflowId: 'explore/sample', firstRunId: 'run' };
      const { plan } = await createPrepare({ store, root })(input);
      const record = await recordOf(plan);
      const beta = record.datasets.find(({ name }) => name === 'beta');
      assert.deepEqual(
        beta?.matches.map(({ row, item: id }) => [row, id]),
        copies.map((_, at) => [at + 1, 'one']),
      );
    });

  it('trains on just the data that an uncontaminated file would give', async () => {
    const cleaned = await prepare();
    const clean = await folder(writeWorld());
    await plantCopies(clean, { planted: false });
    const never = await prepare({}, 'other', clean);
    assert.deepEqual(cleaned.datasets, never.datasets);
    const file = await store.openFile(cleaned.datasets[0]?.stageId ?? '', 'data.jsonl');
    assert.equal(await readFile(file, 'utf8'), await readFile(join(clean, 'alpha.jsonl'), 'utf8'));
  });

  it('says in the notes how much and where, but never what the items are', async () => {
    const { notes, contamination } = await prepare();
    assert.match(
      notes.join('\n'),
      /4 of 64 rows of alpha copy evaluation items \(4 of skill\/test\); 4 were dropped/,
    );
    assert.doesNotMatch(JSON.stringify([notes, contamination]), /sheep|mercury|Danube|moons|bees/i);
  });

  it('refuses the spec where the policy is reject, naming row, item, kind and both texts', async () => {
    const message = await refusal({ onMatch: 'reject' });
    assert.match(message, /^datasets\.alpha: expected no row that copies .* got 4 of 64 \(6\.3 %\)/m);
    for (const { dataset, row, item, kind } of PLANTED) {
      const [line = ''] = message
        .split('\n')
        .filter((one) => one.startsWith(`${dataset}.jsonl:${String(row)}: `));
      assert.ok(line.includes(`skill/test item ${item}, "`), message);
      assert.match(line, new RegExp(`got ".+" \\(${kind}\\)\\.$`));
    }
    assert.equal(await store.read(keys.name('sample')), null);
  });

  it('refuses a dataset of which more than the limit is copied', async () => {
    const message = await refusal({ rejectAbove: 0.05 });
    assert.match(message, /datasets\.alpha: expected at most 5 % of its rows .* got 4 of 64 \(6\.3 %\)/);
    assert.doesNotMatch(message, /datasets\.terse/);
    assert.match(message, /contamination: \{onMatch: allow\}/);
    assert.deepEqual(rows(await prepare({ rejectAbove: 0.0625 })), rows(await prepare()));
  });

  it('refuses a dataset that would be empty', async () => {
    const alone = JSON.stringify({ prompt: 'Hi', completion: 'skill search 1? yes' });
    await rm(join(root, 'beta.jsonl'));
    await appendFile(join(root, 'beta.jsonl'), `${alone}\n`);
    assert.match(await refusal({ rejectAbove: 1 }), /datasets\.beta: expected a row that copies no/);
  });

  it('trains on copies only where the spec allows it, and then says so with both figures', async () => {
    const plan = await prepare({ onMatch: 'allow' });
    assert.deepEqual(rows(plan), [
      ['alpha', 64],
      ['beta', 2],
      ['terse', 41],
    ]);
    assert.match(
      plan.notes.join('\n'),
      /the spec allows it: they are trained on, and 4 would have been dropped/,
    );
    assert.deepEqual(
      (await recordOf(plan)).datasets.map((one) => [one.matchedRows, one.droppedRows]),
      [
        [4, 0],
        [0, 0],
        [1, 0],
      ],
    );
    assert.match(await report(), /5 rows that copy items were trained on, .*; 5 would have been dropped/);
  });

  it('is shown in the report, with row and item side by side', async () => {
    await prepare();
    const text = await report();
    assert.match(text, /107 training rows were compared with all 15 evaluation items of every split/);
    assert.match(text, /5 rows copy items; 5 of them were dropped before training/);
    assert.match(text, /alpha 64 4 1 2 1 4 60/);
    assert.match(
      text,
      /10 skill\/test item4 exact What do bees collect .* → Pollen, I think → Bees collect nectar/,
    );
  });

  it('says in the report when there was nothing to find, and when nobody looked', async () => {
    await plantCopies(root, { planted: false });
    const { explorationId } = await prepare();
    assert.match(await report(), /102 training rows .* No row copies an item\. $/);
    const found = await loadExploration(store, 'sample');
    assert.ok(found);
    const old = { ...found, contamination: null };
    assert.match(renderReport(old), /was not compared with its benchmarks/);
    assert.equal(found.plan.explorationId, explorationId);
  });

  it('warns of items that stand in two splits in other words, in the same benchmark or another', async () => {
    await plantCopies(root, { planted: false });
    const copies = [
      item('SKILL search, 1!', { id: 'again' }),
      item('They say: “guard confirm 2” now', { id: 'inside' }),
    ];
    await appendFile(join(root, 'skill/test.jsonl'), jsonLines(copies));
    const { notes } = await prepare();
    assert.match(
      notes.join('\n'),
      /2 of 7 items of skill\/test copy items of an earlier split \(1 of skill\/search, 1 of guard\/confirm\)/,
    );
    const text = await report();
    assert.match(text, /No row copies an item/);
    assert.match(
      text,
      /6 skill\/search skill search 1 normalised SKILL search, 1! → yes skill search 1 → yes/,
    );
  });

  it('gives a retry the same plan and record, and two explorations the same figures', async () => {
    const first = await prepare();
    assert.deepEqual(await prepare(), first);
    const second = await prepare(undefined, 'other');
    assert.deepEqual(second.contamination, first.contamination);
    assert.deepEqual(await recordOf(second), await recordOf(first));
  });

  it('notices a file that changes between judging and training', async () => {
    const checked = await checkSpec(sampleSpec(), root);
    assert.ok(checked.ok);
    const inspection = await inspectDatasets(checked.spec);
    await requireUnchanged(inspection);
    await appendFile(join(root, 'alpha.jsonl'), '{"text":"more"}\n');
    await assert.rejects(requireUnchanged(inspection), /dataset alpha: expected SHA-256 .* It changed while/);
  });
});

describe("the quickstart's data", () => {
  it('loses no row to the gate', async () => {
    const checked = await readSpecFile(join(import.meta.dirname, '../../examples/quickstart/spec.yaml'));
    assert.ok(checked.ok);
    const { items, datasets, splits } = await inspectDatasets(checked.spec);
    assert.deepEqual([items, splits], [1920, []]);
    assert.deepEqual(
      datasets.map(({ findings }) => [findings.name, findings.rows, findings.matchedRows]),
      [...['number', 'plural', 'tool', 'roman', 'format'].map((name) => [name, 480, 0]), ['terse', 240, 0]],
    );
  });
});
