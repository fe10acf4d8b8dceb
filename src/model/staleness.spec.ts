import { createHash } from 'crypto';

import { describe, expect, it } from 'vitest';

import { sha256 } from './sha256';
import { codeHash, staleBlocks } from './staleness';

describe('sha256', () => {
  it('agrees with the reference for all lengths around the block size', () => {
    for (let length = 0; length < 200; length++) {
      const text = 'ä'.repeat(length % 7) + 'x'.repeat(length);
      const expected = createHash('sha256').update(text, 'utf8').digest('hex');
      expect(sha256(text)).toBe(expected);
    }
  });
});

describe('codeHash', () => {
  it('is blind to line ends and final newlines', () => {
    expect(codeHash('a\r\nb\r\n\r\n')).toBe(codeHash('a\nb'));
    expect(codeHash('a\nb')).not.toBe(codeHash('a\nc'));
  });
});

describe('staleBlocks', () => {
  const upstream = new Map([
    ['load', []],
    ['clean', ['load']],
    ['sum', ['clean']]
  ]);
  const done = (version: string, hash = 'h') => ({
    state: 'completed',
    version,
    codeHash: hash
  });

  it('finds nothing when all ran in order', () => {
    const all = new Map([
      ['load', done('1')],
      ['clean', done('2')],
      ['sum', done('3')]
    ]);
    expect(staleBlocks(upstream, all, () => 'h').size).toBe(0);
  });
  it('finds changed code and all below', () => {
    const all = new Map([
      ['load', done('1')],
      ['clean', done('2', 'old')],
      ['sum', done('3')]
    ]);
    expect([...staleBlocks(upstream, all, () => 'h')]).toEqual([
      'clean',
      'sum'
    ]);
  });
  it('finds blocks older than their input', () => {
    const all = new Map([
      ['load', done('5')],
      ['clean', done('2')],
      ['sum', done('3')]
    ]);
    expect([...staleBlocks(upstream, all, () => 'h')]).toEqual([
      'clean',
      'sum'
    ]);
  });
  it('leaves blocks alone that never completed', () => {
    const all = new Map([['clean', { state: 'failed' }]]);
    expect(staleBlocks(upstream, all, () => 'x').size).toBe(0);
  });
});
