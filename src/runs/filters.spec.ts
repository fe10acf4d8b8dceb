import { describe, expect, it } from 'vitest';

import type { IRunSummary } from '../api/types';
import {
  accepts,
  against,
  filtersFrom,
  hasText,
  isFiltered,
  NO_FILTERS,
  queryOf
} from './filters';

const run: IRunSummary = {
  id: 'r1',
  project: 'penguins',
  pipeline: 'etl',
  state: 'failed',
  kind: 'schedule',
  trigger: 't1',
  trigger_name: 'daily',
  fire_time: null,
  created: null,
  started: null,
  ended: null,
  error: 'KeyError: species',
  steps_total: 3,
  steps_done: 1,
  usual: null
};

describe('filters', () => {
  it('come from arguments, strangers left out', () => {
    const filters = filtersFrom({ pipeline: 'etl', state: 3, other: 'x' });
    expect(filters).toEqual({ ...NO_FILTERS, pipeline: 'etl' });
    expect(isFiltered(filters)).toBe(true);
    expect(isFiltered(NO_FILTERS)).toBe(false);
  });

  it('go to the server without the text', () => {
    expect(queryOf({ ...NO_FILTERS, state: 'failed', text: 'x' })).toEqual({
      state: 'failed'
    });
  });

  it('accept runs that fit', () => {
    expect(accepts({ ...NO_FILTERS, state: 'failed' }, run)).toBe(true);
    expect(accepts({ ...NO_FILTERS, project: 'cats' }, run)).toBe(false);
    expect(accepts({ ...NO_FILTERS, trigger: 't2' }, run)).toBe(false);
  });

  it('find text in name, trigger and error', () => {
    expect(hasText('keyerror daily', run)).toBe(true);
    expect(hasText('valueerror', run)).toBe(false);
  });
});

describe('against', () => {
  it('marks the usual duration and what is much longer', () => {
    expect(against(10, 10)).toEqual({
      filled: 10 / 15,
      mark: 10 / 15,
      long: false
    });
    expect(against(40, 10)).toEqual({ filled: 1, mark: 0.25, long: true });
    expect(against(0.5, 0.1)?.long).toBe(false);
    expect(against(5, null)).toBeNull();
    expect(against(null, 5)).toBeNull();
  });
});
