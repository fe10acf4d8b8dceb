import { readFileSync } from 'fs';

import { describe, expect, it } from 'vitest';

const css = readFileSync('style/base.css', 'utf8');

/** The colours that base.css gives in one theme. */
function colors(light: boolean): Map<string, string> {
  const mark = `data-jp-theme-light='${light}'`;
  const start = css.indexOf('{', css.indexOf(mark));
  const body = css.slice(start, css.indexOf('}', start));
  return new Map(
    [...body.matchAll(/(--mage-[\w-]+):\s*(#[0-9a-f]{6})/g)].map(
      ([, name, value]) => [name, value] as const
    )
  );
}

function luminance(color: string): number {
  const [r, g, b] = [1, 3, 5]
    .map(at => parseInt(color.slice(at, at + 2), 16) / 255)
    .map(v => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

describe('colours of types and states', () => {
  // JupyterLab's page and raised backgrounds in its light and dark theme.
  for (const [light, pages] of [
    [true, ['#ffffff', '#f5f5f5']],
    [false, ['#111111', '#212121', '#303030']]
  ] as const) {
    it(`are readable as text in the ${light ? 'light' : 'dark'} theme`, () => {
      const all = colors(light);
      expect(all.size).toBeGreaterThanOrEqual(18);
      for (const [name, color] of all) {
        for (const page of pages) {
          expect(contrast(color, page), `${name} on ${page}`).toBeGreaterThan(
            4.5
          );
        }
      }
    });
  }
  it('are the same names in both', () => {
    expect([...colors(true).keys()]).toEqual([...colors(false).keys()]);
  });
});
