import { test } from '@playwright/test';

import { execute, openLab } from '../tests/lab';

const IMAGES = '../docs/images';
const CELLS = [
  ['markdown', '# Birds'],
  ['code', 'import pandas as pd\n%matplotlib inline'],
  ['markdown', '## Load the birds'],
  [
    'code',
    "birds = pd.DataFrame({'kind': ['a', 'b', 'a'], 'mass': [1, 2, 3]})"
  ],
  ['markdown', '## Weigh them'],
  ['code', "birds['heavy'] = birds['mass'] > 1"],
  ['markdown', '## Count'],
  [
    'code',
    "counted = birds.groupby('kind')['heavy'].sum().reset_index()\ncounted"
  ]
];

for (const theme of ['Light', 'Dark']) {
  for (const width of [1440, 1024]) {
    test(`import, ${theme}, ${width} px`, async ({ page }) => {
      const name = `${theme.toLowerCase()}${width === 1440 ? '' : `-${width}`}`;
      await page.setViewportSize({ width, height: 900 });
      await openLab(page, { sidebar: true });
      await execute(page, 'apputils:change-theme', {
        theme: `JupyterLab ${theme}`
      });
      const cells = CELLS.map(([kind, source], index) => ({
        id: `c${index}`,
        cell_type: kind,
        metadata: {},
        source,
        ...(kind === 'code' ? { outputs: [], execution_count: null } : {})
      }));
      await page.evaluate(
        async content => {
          const token = document.cookie.match(/_xsrf=([^;]+)/)?.[1] ?? '';
          await fetch('/api/contents/birds.ipynb', {
            method: 'PUT',
            headers: {
              'X-XSRFToken': token,
              'Content-Type': 'application/json'
            },
            body: JSON.stringify({ type: 'notebook', format: 'json', content })
          });
        },
        { nbformat: 4, nbformat_minor: 5, metadata: {}, cells }
      );
      const dialog = execute(page, 'mage:import-notebook', {
        project: 'blank',
        path: 'birds.ipynb'
      });
      await page.locator('.mage-Import-blocks > li').nth(3).waitFor();
      await page.locator('.mage-Import-blocks summary').last().click();
      await page.waitForTimeout(500);
      await page.screenshot({ path: `${IMAGES}/import-${name}.png` });
      await page.getByRole('button', { name: 'Cancel', exact: true }).click();
      await dialog;
    });
  }
}
