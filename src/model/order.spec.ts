import { describe, expect, it } from 'vitest';

import { circle, ordered, reachable, downstreamOf } from './order';

const chain = new Map([
  ['load', []],
  ['clean', ['load']],
  ['sum', ['clean']],
  ['other', []]
]);

describe('circle', () => {
  it('names the path that would close', () => {
    expect(circle(chain, 'sum', 'load')).toEqual([
      'load',
      'clean',
      'sum',
      'load'
    ]);
  });
  it('lets through what closes none', () => {
    expect(circle(chain, 'load', 'sum')).toBeNull();
    expect(circle(chain, 'other', 'sum')).toBeNull();
  });
  it('refuses a block that depends on itself', () => {
    expect(circle(chain, 'load', 'load')).toEqual(['load', 'load']);
  });
});

describe('ordered', () => {
  it('puts each block after what it depends on and keeps the rest', () => {
    expect(ordered(['sum', 'other', 'clean', 'load'], chain)).toEqual([
      'load',
      'clean',
      'sum',
      'other'
    ]);
  });
  it('keeps the order over blocks that are left out', () => {
    expect(ordered(['sum', 'load'], chain)).toEqual(['load', 'sum']);
  });
  it('ends when files hold a circle', () => {
    const round = new Map([
      ['a', ['b']],
      ['b', ['a']]
    ]);
    expect(ordered(['a', 'b'], round).sort()).toEqual(['a', 'b']);
  });
});

describe('reachable', () => {
  it('finds all below', () => {
    expect([...reachable(['clean'], downstreamOf(chain))].sort()).toEqual([
      'clean',
      'sum'
    ]);
  });
});
