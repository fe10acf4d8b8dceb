import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, it } from 'vitest';

import type { IHealth } from '../api/types';
import { storedText } from './stored';

const trans = nullTranslator.load('mage_jlab');

describe('storedText', () => {
  it('says how much is stored and what stays', () => {
    const said = storedText(
      {
        products_bytes: 12_400_000,
        products_keep: 5,
        products_limit: 2_000_000_000,
        runs_keep: 200,
        runs_limit: 10_000_000_000
      } as IHealth,
      trans
    );
    expect(said?.text).toBe('Stored outputs: 12 MB');
    expect(said?.title).toContain('the newest 5 versions');
    expect(said?.title).toContain('at most 2.0 GB');
    expect(said?.title).toContain('newest 200 runs');
    expect(said?.title).toContain('at most 10 GB');
  });

  it('says nothing it does not know', () => {
    expect(storedText({ products_bytes: null } as IHealth, trans)).toBeNull();
  });
});
