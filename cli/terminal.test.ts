import assert from 'node:assert/strict';
import { bar } from './jobLine.js';
import { table } from './table.js';
import { openTerminal } from './terminal.js';

/** A terminal on streams that are kept; `columns`: of both, where they are terminals. */
function opened({ columns = 0, noColor = false, isDumb = false, set = null as number | null } = {}) {
  let text = '';
  const stream = {
    isTTY: columns > 0,
    columns,
    write: (chunk: string | Uint8Array): boolean => {
      text += String(chunk);
      return true;
    },
  };
  const terminal = openTerminal({ noColor, isDumb, columns: set }, { stdout: stream, stderr: stream });
  return { terminal, text: () => text };
}

describe('the terminal', () => {
  it('redraws bars below the talk, cut to its width', () => {
    const { terminal, text } = opened({ columns: 30 });
    terminal.live([`t0001  training ${bar(0.5)} 30/60 50 %`]);
    terminal.say('t0000 done');
    assert.match(text(), /^t0001 {2}training \[#+-*…\n/);
    assert.ok(text().endsWith(`\u001b[1A\u001b[Jt0000 done\n${text().split('\n')[0] ?? ''}\n`));
  });

  it('is plain without a person in front of it: no escapes, nothing redrawn', () => {
    for (const { terminal, text } of [opened(), opened({ columns: 80, isDumb: true })]) {
      terminal.live(['progress']);
      terminal.say(`${terminal.bold('search')} ${terminal.dim('next:')}`);
      assert.equal(text(), 'search next:\n');
    }
  });

  it('has no bold and dim words where NO_COLOR is set', () => {
    const styled = opened({ columns: 80 }).terminal;
    assert.equal(styled.bold('x'), '\u001b[1mx\u001b[0m');
    const plain = opened({ columns: 80, noColor: true }).terminal;
    assert.deepEqual([plain.bold('x'), plain.dim('y')], ['x', 'y']);
  });

  it('knows the width of data: of COLUMNS, else of the terminal, else none', () => {
    assert.equal(opened({ columns: 80 }).terminal.width, 80);
    assert.equal(opened({ columns: 80, set: 60 }).terminal.width, 60);
    assert.equal(opened({ set: 60 }).terminal.width, 60);
    assert.equal(opened().terminal.width, null);
  });
});

describe('tables', () => {
  const head = ['trial', 'score', 'parents', 'datasets'];
  const rows = [
    ['t0001', '0.5000', 'base', 'tool-calls + instructions + code + more of the kind'],
    ['t0002', '0.6125', 'base + t0001', 'tool-calls'],
  ];

  it('are as wide as their cells, numbers to the right', () => {
    assert.deepEqual(table(head, rows), [
      'trial   score  parents       datasets',
      't0001  0.5000  base          tool-calls + instructions + code + more of the kind',
      't0002  0.6125  base + t0001  tool-calls',
    ]);
  });

  it('fit a width by cutting the widest columns of words, never numbers', () => {
    for (const width of [70, 50, 42]) {
      const lines = table(head, rows, width);
      assert.ok(
        lines.every((line) => line.length <= width),
        lines.join('\n'),
      );
      assert.ok(lines.some((line) => line.includes('…')));
      assert.ok(lines[1]?.includes('0.5000') && lines[2]?.includes('0.6125'));
    }
  });

  it('cut no further than a few letters a column', () => {
    const lines = table(head, rows, 10);
    assert.ok(lines[2]?.includes('t0002') && lines[2].includes('tool-ca'));
  });

  it('without rows are their head', () => {
    assert.deepEqual(table(['name', 'state'], []), ['name  state']);
  });
});
