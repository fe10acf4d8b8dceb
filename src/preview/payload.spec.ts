import { describe, expect, it } from 'vitest';

import { parsePayload } from './payload';

const TABLE = {
  kind: 'table',
  rows: 2,
  columns: [{ name: 'a', type: 'int64', kind: 'number', nulls: 0 }],
  page: { offset: 0, rows: [[1], [2]] }
};

describe('parsePayload', () => {
  it('knows how wide the whole table is, whatever travels of it', () => {
    expect(parsePayload({ ...TABLE, columns_total: 700 })?.width).toBe(700);
    expect(parsePayload(TABLE)?.width).toBe(1);
  });

  it('refuses what is no table', () => {
    expect(parsePayload({ ...TABLE, kind: 'image' })).toBeNull();
    expect(parsePayload('table')).toBeNull();
  });
});
