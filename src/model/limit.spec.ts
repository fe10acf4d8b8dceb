import { describe, expect, it } from 'vitest';

import { limitOf } from './limit';

function of(configuration: Record<string, unknown>, type = 'transformer') {
  return limitOf({ language: 'sql', type, configuration });
}

describe('the limit of a SQL block', () => {
  it('is said where it cuts what is read back', () => {
    expect(of({ data_provider: 'postgres', limit: 1000 })).toBe(1000);
    expect(of({ data_provider: 'postgres', limit: '50' })).toBe(50);
    expect(of({ data_provider: 'postgres' })).toBeNull();
  });

  it('is not said where nothing is cut', () => {
    expect(of({ limit: 1000 })).toBeNull();
    expect(
      of({ data_provider: 'postgres', limit: 9, use_raw_sql: true })
    ).toBeNull();
    expect(of({ data_provider: 'duckdb', limit: 9 })).toBeNull();
    expect(of({ data_provider: 'postgres', limit: 9 }, 'dbt')).toBeNull();
  });
});
