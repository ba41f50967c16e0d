import assert from 'node:assert/strict';
import { formatBytes, parseBytes } from './bytes.js';

describe('sizes', () => {
  it('are read with decimal and binary units, and refused when they are none', () => {
    const sizes = { '50GB': 50e9, '1.5 TiB': 1.5 * 2 ** 40, '64mib': 2 ** 26, '4096': 4096, '7 B': 7 };
    for (const [text, bytes] of Object.entries(sizes)) assert.equal(parseBytes(text), bytes, text);
    for (const text of ['', 'GB', '-1GB', '1 PB', '1e9', '5 iB', '0x10', '1,5GB', 'NaN'])
      assert.equal(parseBytes(text), null, text);
  });

  it('are shown in decimal units', () => {
    const shown = { 0: '0 B', 999: '999 B', 1000: '1.0 KB', 1_500_000_000: '1.5 GB', 2e16: '20000.0 TB' };
    for (const [bytes, text] of Object.entries(shown)) assert.equal(formatBytes(Number(bytes)), text);
  });
});
