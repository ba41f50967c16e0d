import assert from 'node:assert/strict';
import type { Derivation } from '../plan.js';
import { derivationText, derivedRowsText } from './derivationText.js';

const derivation = (changes: Partial<Derivation>): Derivation => ({
  ...{ operation: 'subset', from: ['alpha'], parameters: { share: 0.1 } },
  ...{ rowsBefore: 1000, leftOut: {}, keepsOrder: false, ...changes },
});

describe('how a dataset was made, in words', () => {
  it('names operation, settings and sources; long settings by their names', () => {
    assert.equal(derivationText(derivation({})), 'subset share 0.1 of alpha');
    const filter = { answerWords: { atLeast: 3 }, symbols: 0.2, answerLacks: ['a'] };
    assert.equal(
      derivationText(derivation({ operation: 'filter', parameters: filter })),
      'filter answerWords symbols 0.2 answerLacks of alpha',
    );
    const mixture = {
      operation: 'mixture',
      from: ['alpha', 'beta'],
      parameters: { repeat: false, weights: [3, 1] },
    } as const;
    assert.equal(derivationText(derivation(mixture)), 'mixture repeat false of alpha + beta');
    const template = { operation: 'template', parameters: { text: 'a long text with {columns}' } } as const;
    assert.equal(derivationText(derivation(template)), 'template text of alpha');
  });

  it('counts rows before and after, and those left out by reason', () => {
    assert.equal(derivedRowsText(derivation({}), 100), '100 rows from 1000');
    const leftOut = { symbols: 150, answerWords: 50 };
    assert.equal(
      derivedRowsText(derivation({ leftOut }), 800),
      '800 rows from 1000; left out: symbols 150, answerWords 50',
    );
  });
});
