import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { formatFaults, type Fault } from '../faults.js';
import { readDataset } from './formats.js';

const ROOT = join(import.meta.dirname, '../../..');

describe('files of datasets', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lamdagent-formats-'));
  });
  after(() => rm(folder, { recursive: true }));

  /** The rows, and the faults without the folder's name. */
  const read = async (name: string, content?: string | Buffer) => {
    const file = join(folder, name);
    if (content !== undefined) await writeFile(file, content);
    const faults: Fault[] = [];
    const rows: { readonly place: string; readonly row: unknown }[] = [];
    for await (const { place, row } of readDataset(file, (fault) => faults.push(fault)))
      rows.push({ place, row });
    return {
      rows: rows.map(({ row }) => row),
      places: rows.map(({ place }) => place.replace(`${folder}/`, '')),
      faults: faults.length === 0 ? [] : formatFaults(faults).replaceAll(`${folder}/`, '').split('\n'),
    };
  };

  describe('as CSV', () => {
    it('have their columns’ names, texts as they stand, and no empty cells', async () => {
      const text = '\uFEFFid,question,answer\r\n007,"Why, ""so""?\nReally?",""\r\n\r\n8,,true\r\n';
      const { rows, places, faults } = await read('a.csv', text);
      assert.deepEqual(rows, [
        { id: '007', question: 'Why, "so"?\nReally?', answer: '' },
        { id: '8', answer: 'true' },
      ]);
      assert.deepEqual([places, faults], [['a.csv row 1', 'a.csv row 2'], []]);
    });

    it('have messages where a cell holds them as JSON', async () => {
      const chat = [{ role: 'user', content: 'Hi, you' }];
      const cell = JSON.stringify(chat).replaceAll('"', '""');
      const { rows } = await read('chat.csv', `messages,other\n"${cell}","${cell}"\n`);
      assert.deepEqual(rows, [{ messages: chat, other: JSON.stringify(chat) }]);
    });

    it('have tabs between them in TSV', async () => {
      assert.deepEqual((await read('a.tsv', 'a\tb\n1, 2\t3\n')).rows, [{ a: '1, 2', b: '3' }]);
    });

    it('are UTF-8', async () => {
      const { rows, faults } = await read('latin.csv', Buffer.from('a,b\ncaf\xe9,1\n', 'latin1'));
      assert.deepEqual(rows, []);
      assert.deepEqual(faults, ['latin.csv: expected UTF-8 text, got other bytes. Save the file as UTF-8.']);
      assert.deepEqual((await read('utf8.csv', 'a,b\ncafé 😀,1\n')).rows, [{ a: 'café 😀', b: '1' }]);
    });

    const broken: readonly (readonly [string, string, RegExp, number])[] = [
      [
        'a cell too many',
        'a,b\n1,2\n1,2,3\n',
        /^b\.csv row 2: expected CSV with as many cells as its first row, got .*3/,
        1,
      ],
      ['a quote that is not closed', 'a,b\n1,"2\n', /^b\.csv row 1: expected CSV .*Quote/, 0],
      [
        'a column without a name',
        'a,,c\n1,2,3\n',
        /^b\.csv: expected a first row with a name for each column, each once, got \["a","","c"\]/,
        0,
      ],
      ['a name twice', 'a,a\n1,2\n', /each once, got \["a","a"\]/, 0],
    ];
    for (const [what, text, message, count] of broken)
      it(`are refused for ${what}, with the row`, async () => {
        const { rows, faults } = await read('b.csv', text);
        assert.equal(rows.length, count);
        assert.match(faults[0] ?? '', message);
        assert.equal(faults.length, 1);
      });
  });

  describe('as JSON', () => {
    it('are one list of objects, or JSONL, compressed or not', async () => {
      const lines = '{"a":1}\n{"a":2}\n';
      const expected = [{ a: 1 }, { a: 2 }];
      assert.deepEqual((await read('a.json', '[{"a":1},{"a":2}]')).rows, expected);
      assert.deepEqual((await read('a.jsonl', lines)).rows, expected);
      const zipped = await read('a.jsonl.gz', gzipSync(lines));
      assert.deepEqual([zipped.rows, zipped.places[1]], [expected, 'a.jsonl.gz:2']);
    });

    it('are refused where they are something else', async () => {
      assert.deepEqual((await read('b.json', '{"a":1}\n{"a":2}\n')).faults, [
        'b.json: expected one JSON list of objects, got "{\\"a\\":1}\\n{\\"a\\":2}\\n". One object a line is JSONL: name the file .jsonl.',
      ]);
      assert.deepEqual((await read('c.json', '[{}, 1]')).faults, [
        'c.json row 2: expected an object, got 1.',
      ]);
      const cut = gzipSync('{"a":1}\n'.repeat(1000)).subarray(0, 40);
      assert.match(
        (await read('cut.jsonl.gz', cut)).faults.join(),
        /^cut\.jsonl\.gz: expected a whole gzip file, got "unexpected end of file"/,
      );
    });
  });

  describe('as Parquet', () => {
    const program = `
import datetime, pathlib, sys
import pyarrow as pa, pyarrow.parquet as pq
folder = pathlib.Path(sys.argv[1])
chat = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho", "name": "b"}]
rows = [{"messages": chat, "text": f"row {i}", "n": i, "big": 2**60, "x": 0.5, "yes": True, "none": None,
         "at": datetime.datetime(2026, 1, 2, 3, 4, 5), "raw": b"\\xff\\xfe", "list": [["a"], []]} for i in range(10)]
table = pa.Table.from_pylist(rows)
for codec in ("snappy", "zstd", "gzip", "brotli", "lz4", "none"):
    pq.write_table(table, folder / f"{codec}.parquet", compression=codec, row_group_size=4)
`;
    before(() => promisify(execFile)(join(ROOT, '.venv/bin/python'), ['-c', program, folder]));
    for (const codec of ['snappy', 'zstd', 'gzip', 'brotli', 'none'])
      it(`have typed values and nested lists (${codec})`, async () => {
        const { rows, places, faults } = await read(`${codec}.parquet`);
        assert.deepEqual(faults, []);
        assert.equal(rows.length, 10);
        assert.equal(places[9], `${codec}.parquet row 10`);
        assert.deepEqual(rows[5], {
          messages: [
            { role: 'user', content: 'Hi' },
            { role: 'assistant', content: 'Ho', name: 'b' },
          ],
          ...{ text: 'row 5', n: 5, big: String(2n ** 60n), x: 0.5, yes: true },
          at: '2026-01-02T03:04:05.000Z',
          list: [['a'], []],
        });
      });

    it('are refused where they are compressed otherwise', async () => {
      assert.deepEqual((await read('lz4.parquet')).faults, [
        'lz4.parquet: expected compression by one of UNCOMPRESSED, SNAPPY, GZIP, ZSTD, BROTLI, got LZ4_RAW. Write it again.',
      ]);
    });

    it('are refused where they are something else, or cut', async () => {
      assert.match(
        (await read('not.parquet', 'a,b\n1,2\n'.repeat(9))).faults.join(),
        /^not\.parquet: expected a whole Parquet file, got ".*PAR1/,
      );
      const whole = await readFile(join(folder, 'none.parquet'));
      const start = whole.indexOf('row 4') - 30;
      const holed = Buffer.concat([
        whole.subarray(0, start),
        Buffer.alloc(30, 0xff),
        whole.subarray(start + 30),
      ]);
      const { rows, faults } = await read('holed.parquet', holed);
      assert.equal(rows.length, 4, 'the row group before');
      assert.match(faults.join(), /^holed\.parquet after row 4: expected a whole Parquet file/);
    });
  });
});
