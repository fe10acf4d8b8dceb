import { describe, expect, it } from 'vitest';

import { slug } from './slug';

describe('slug', () => {
  // Written by the server's `ids.slug`.
  it.each([
    ['load/a-b c', 'load-sa--b-x20c'],
    ['é', '-xc3-xa9'],
    ['😀', '-xf0-x9f-x98-x80'],
    ['', '-root'],
    ['a_b', 'a_b'],
    [
      'x'.repeat(70),
      'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-hc71bd109227e2343'
    ],
    [
      `dir/${'y'.repeat(62)}`,
      'dir-syyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy-h04311baff1298954'
    ]
  ])('of %s', (id, expected) => {
    expect(slug(id)).toBe(expected);
  });
});
