import { describe, expect, it } from 'vitest';

import {
  EVERYTHING,
  filterText,
  nextSort,
  parseFilter,
  queryParameters,
  withFilter
} from './query';

describe('parseFilter', () => {
  it.each([
    ['text', 'Adelie', { op: 'contains', value: 'Adelie' }],
    ['text', '= Adelie', { op: 'eq', value: 'Adelie' }],
    ['text', '5', { op: 'contains', value: '5' }],
    ['number', '39.1', { op: 'eq', value: 39.1 }],
    ['number', '>= 40', { op: 'ge', value: 40 }],
    ['number', '≤40', { op: 'le', value: 40 }],
    ['number', '!= 1', { op: 'ne', value: 1 }],
    ['number', '<> 1', { op: 'ne', value: 1 }],
    ['number', '3x', { op: 'contains', value: '3x' }],
    ['number', '9007199254740993', { op: 'eq', value: '9007199254740993' }],
    ['boolean', 'true', { op: 'eq', value: true }],
    ['time', '> 2024-01-01', { op: 'gt', value: '2024-01-01' }],
    ['text', 'is null', { op: 'null' }],
    ['text', 'NOT NULL', { op: 'notnull' }],
    ['text', '~ null', { op: 'contains', value: 'null' }]
  ])('%s column, typed %s', (kind, text, expected) => {
    expect(parseFilter('c', kind, text)).toEqual({ column: 'c', ...expected });
  });

  it.each(['', '  ', '>', '= '])('waits for more after "%s"', text => {
    expect(parseFilter('c', 'number', text)).toBeNull();
  });

  it('reads back what it writes', () => {
    for (const text of ['> 40', '≠ x', '~ a b', 'null', 'not null']) {
      const filter = parseFilter('c', 'number', text)!;
      expect(parseFilter('c', 'number', filterText(filter))).toEqual(filter);
    }
  });
});

describe('the query', () => {
  it('goes through ascending, descending, unsorted', () => {
    const directions = [];
    let query = EVERYTHING;
    for (let click = 0; click < 3; click++) {
      query = nextSort(query, 'a');
      directions.push(query.sort[0]?.direction);
    }
    expect(directions).toEqual(['asc', 'desc', undefined]);
  });

  it('adds to the order with shift, replaces it without', () => {
    const both = nextSort(nextSort(EVERYTHING, 'a'), 'b', true);
    expect(both.sort.map(item => item.column)).toEqual(['a', 'b']);
    expect(nextSort(both, 'c').sort).toEqual([
      { column: 'c', direction: 'asc' }
    ]);
    expect(nextSort(both, 'a', true).sort[0].direction).toBe('desc');
  });

  it('is sent as the server takes it', () => {
    const query = withFilter(nextSort(EVERYTHING, 'a'), 'b', {
      column: 'b',
      op: 'gt',
      value: 3
    });
    expect(queryParameters(query)).toEqual({
      sort: '[["a","asc"]]',
      filter: '[{"column":"b","op":"gt","value":3}]'
    });
    expect(
      queryParameters(withFilter(query, 'b', null)).filter
    ).toBeUndefined();
    expect(queryParameters(EVERYTHING)).toEqual({});
  });
});
