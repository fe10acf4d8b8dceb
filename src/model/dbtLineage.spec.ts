import { describe, expect, it } from 'vitest';

import { blockName, lineage } from './dbtLineage';

const MODELS = [
  { path: 'd/models/c.sql', upstream: ['d/models/a.sql', 'd/models/b.sql'] },
  { path: 'd/models/b.sql', upstream: ['d/models/a.sql'] },
  { path: 'd/models/a.sql', upstream: ['d/models/gone.sql'] },
  { path: 'd/models/other.sql', upstream: [] }
];

describe('lineage', () => {
  it('lists what a model reads before the model', () => {
    expect(lineage(MODELS, 'd/models/c.sql')).toEqual([
      'd/models/a.sql',
      'd/models/b.sql',
      'd/models/c.sql'
    ]);
  });

  it('ends although models read each other', () => {
    const circle = [
      { path: 'a', upstream: ['b'] },
      { path: 'b', upstream: ['a'] }
    ];
    expect(lineage(circle, 'a')).toEqual(['b', 'a']);
  });

  it('names blocks as Mage does', () => {
    expect(blockName('demo/models/marts/b.sql')).toBe('demo/models/marts/b');
  });
});
