import assert from 'node:assert/strict';
import { repeatedGramsShare, repeatedLinesShare, symbolsShare, topGramShare, wordsOf } from './repetition.js';

describe('how much of a text repeats itself', () => {
  it('by lines: those that stand there before, empty ones aside', () => {
    assert.equal(repeatedLinesShare('a\nb\n\n a \nc'), 1 / 4);
    assert.equal(repeatedLinesShare(''), 0);
    assert.equal(repeatedLinesShare('all\nthree\ndiffer'), 0);
  });

  it('by its most frequent run of words: of 20 letters 18 lie in "one two"', () => {
    const words = wordsOf('one two one two one two x y');
    assert.equal(topGramShare(words, 2), 18 / 20);
    assert.equal(topGramShare(words, 3), 15 / 20, 'runs that overlap count once');
    assert.equal(topGramShare(words, 8), 0, 'once is no repetition');
  });

  it('by runs of words that began before', () => {
    const words = wordsOf('a b c d e a b c d e');
    assert.equal(repeatedGramsShare(words, 5), 1 / 2);
    assert.equal(repeatedGramsShare(words, 6), 0);
    assert.equal(repeatedGramsShare([], 5), 0);
  });

  it('in any language: a character is a word where nothing is put between words', () => {
    assert.equal(repeatedGramsShare(wordsOf('今天天气很好今天天气很好'), 5), 1 / 2);
  });

  it('counts as symbols what is neither letter, mark, digit nor space', () => {
    assert.equal(symbolsShare('ab1 ###!'), 4 / 8);
    assert.equal(symbolsShare('नमस्ते été'), 0);
    assert.equal(symbolsShare('👍👍'), 1);
    assert.equal(symbolsShare(''), 0);
  });
});
