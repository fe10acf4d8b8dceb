import { expect, test } from '@playwright/test';

import { execute, openLab, openPipeline, stateOf } from './lab';

test('cells run before the kernel is there run when it is, also without code', async ({
  page
}) => {
  await openLab(page);
  // The kernel is kept from starting until both cells were run.
  let start: (() => void) | undefined;
  const held = new Promise<void>(resolve => (start = resolve));
  await page.route('**/api/sessions?*', async route => {
    if (route.request().method() === 'POST') {
      await held;
    }
    await route.continue();
  });
  await openPipeline(page, 'mage:charted/charted.ipynb');
  for (let index = 0; index < 2; index++) {
    await page
      .locator('.jp-Notebook .jp-Cell')
      .nth(index)
      .click({ position: { x: 5, y: 5 } });
    await execute(page, 'notebook:run-cell');
  }
  start?.();
  await expect(stateOf(page, 0)).toHaveAttribute('aria-label', /done/);
  await expect(stateOf(page, 1)).toHaveAttribute('aria-label', /Chart, done/);
  await expect(
    page.locator('.jp-Notebook .jp-Cell').nth(1).locator('.vega-embed')
  ).toBeVisible();
});

test('headers and cards say what is special about a block', async ({
  page
}) => {
  await openLab(page);
  await openPipeline(page, 'mage:charted/special.ipynb');
  const headers = page.locator('.mage-BlockHeader');
  await expect(headers.nth(0)).toContainText('dynamic');
  await expect(headers.nth(1)).toContainText('limit 1,000');
  await expect(headers.nth(1)).toContainText('reduces');
  if (!(await page.locator('.mage-Canvas').isVisible())) {
    await execute(page, 'mage:open-canvas');
  }
  await expect(page.locator('.mage-Card[data-dynamic]')).toHaveCount(1);
});
