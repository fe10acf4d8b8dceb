import { describe, expect, it } from 'vitest';

import { headerFacts } from './headerFacts';

describe('the facts in the header of a column', () => {
  it('shows bars and the share of nulls where both fit', () => {
    expect(headerFacts(140, 40, true, true)).toEqual({ bars: 72, share: 78 });
  });

  it('narrows the bars so that nulls are seen', () => {
    expect(headerFacts(90, 40, true, true)).toEqual({ bars: 44, share: 50 });
  });

  it('leaves "0% null" out before it is cut', () => {
    expect(headerFacts(90, 40, true, false)).toEqual({ bars: 72 });
  });

  it('never cuts the share in a narrow column', () => {
    expect(headerFacts(50, 40, true, true)).toEqual({ bars: 50 });
    expect(headerFacts(30, 40, false, true)).toEqual({ bars: 0 });
    expect(headerFacts(50, 40, false, true)).toEqual({ bars: 0, share: 0 });
  });
});
