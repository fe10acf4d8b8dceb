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
  await headers
    .nth(0)
    .getByRole('button', { name: /More about/ })
    .click();
  await page.getByText('Not dynamic any more').click();
  await expect(page.locator('.mage-Card[data-dynamic]')).toHaveCount(0);
  await expect(headers.nth(0)).not.toContainText('dynamic');
});

test('a block and its replica show one text', async ({ page }) => {
  await openLab(page);
  await openPipeline(page, 'mage:charted/special.ipynb');
  const cells = page.locator('.jp-Notebook .jp-Cell');
  await cells.nth(0).click({ position: { x: 5, y: 5 } });
  await execute(page, 'mage:replicate-block');
  await expect(page.locator('.mage-BlockHeader')).toHaveCount(3);
  await cells.nth(1).locator('.cm-content').click();
  await page.keyboard.press('Control+End');
  await page.keyboard.insertText('# typed in the replica');
  await expect(cells.nth(0)).toContainText('# typed in the replica');
  await execute(page, 'docmanager:save');
  await expect(page.locator('.jp-Dialog')).toHaveCount(0);
  await expect(page.locator('.jp-mod-dirty')).toHaveCount(0);
  await cells.nth(0).locator('.cm-content').click();
  await page.keyboard.press('Control+End');
  await page.keyboard.insertText(', and in the block');
  await expect(cells.nth(1)).toContainText('replica, and in the block');
  await execute(page, 'docmanager:save');
  await expect(page.locator('.jp-mod-dirty')).toHaveCount(0);
});

test('a block that was interrupted says so, however that happened', async ({
  page
}) => {
  const path = 'mage:charted/charted.ipynb';
  await openLab(page);
  await openPipeline(page, path);
  const cell = page.locator('.jp-Notebook-cell').first();
  await cell.locator('.cm-content').click();
  await page.keyboard.press('Control+A');
  await page.keyboard.insertText(
    "import time\n\n\n@data_loader\ndef load(*args):\n    print('go', flush=True) or time.sleep(600)\n"
  );
  const begun = async (): Promise<void> => {
    void execute(page, 'mage:run-block', { path, block: 'numbers' });
    await expect(stateOf(page, 0)).toHaveAttribute('aria-label', /running/);
    await expect(cell.locator('.jp-OutputArea')).toContainText('go');
  };
  await begun();
  await execute(page, 'notebook:interrupt-kernel');
  await expect(stateOf(page, 0)).toHaveAttribute('aria-label', /interrupted/);
  await expect(page.locator('.mage-Card').first()).toContainText('interrupted');
  await begun();
  const restarted = execute(page, 'notebook:restart-kernel');
  await page.locator('.jp-Dialog button', { hasText: 'Restart' }).click();
  await restarted;
  await expect(stateOf(page, 0)).toHaveAttribute('aria-label', /interrupted/);
});
