import { describe, expect, it } from 'vitest';

import { faultsOf, retype, rowsOf, valueOf, valuesOf } from './variables';

describe('variables', () => {
  it('come back as they were, types included', () => {
    const values = {
      name: 'a b',
      empty: '',
      digits: '12',
      rows: 12.5,
      on: true,
      list: [1, 'x'],
      nothing: null
    };
    expect(valuesOf(rowsOf(values))).toEqual(values);
    expect(faultsOf(rowsOf(values)).size).toBe(0);
  });

  it('say what is wrong with a row', () => {
    const faults = faultsOf([
      { name: 'a', type: 'number', text: 'many' },
      { name: 'b', type: 'json', text: '{' },
      { name: 'a', type: 'text', text: '' },
      { name: '', type: 'text', text: 'lost' },
      { name: '', type: 'text', text: '' },
      { name: 'c', type: 'number', text: '' }
    ]);
    expect([...faults]).toEqual([
      [0, 'not-a-number'],
      [1, 'not-json'],
      [2, 'twice'],
      [3, 'no-name'],
      [5, 'not-a-number']
    ]);
  });

  it('never turn a cleared number into 0', () => {
    expect(valueOf({ name: 'n', type: 'number', text: ' ' })).toEqual({
      fault: 'not-a-number'
    });
  });

  it('keep their text when the type changes and it fits', () => {
    const row = { name: 'n', type: 'text' as const, text: '12' };
    expect(retype(row, 'number').text).toBe('12');
    expect(retype(row, 'json').text).toBe('12');
    expect(retype({ ...row, text: 'x' }, 'json').text).toBe('"x"');
    expect(retype({ ...row, text: 'x' }, 'boolean').text).toBe('false');
    expect(retype({ ...row, text: 'true' }, 'boolean').text).toBe('true');
  });
});
