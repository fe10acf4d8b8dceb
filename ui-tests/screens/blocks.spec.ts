import { expect, test } from '@playwright/test';
import type { Page } from '@playwright/test';

import { execute, openLab, openPipeline } from '../tests/lab';

const IMAGES = '../docs/images/blocks';

/** Run the cells of a pipeline one after the other; what fails does not matter. */
async function runEach(page: Page, cells: number): Promise<void> {
  for (let index = 0; index < cells; index++) {
    await page
      .locator('.jp-Notebook .jp-Cell')
      .nth(index)
      .click({
        position: { x: 5, y: 5 }
      });
    await execute(page, 'notebook:run-cell');
  }
}

/** Take a picture of the cell of a block. */
async function picture(page: Page, block: string, name: string): Promise<void> {
  const cell = page.locator('.jp-Notebook .jp-Cell').filter({
    has: page.locator(`.mage-Header[aria-label^="${block},"]`)
  });
  await cell.scrollIntoViewIfNeeded();
  await page.waitForTimeout(1200);
  await cell.screenshot({ path: `${IMAGES}/${name}.png` });
}

const ORDERS = {
  about: 'markdown',
  'load orders': 'data-loader',
  'large orders': 'transformer',
  'write csv': 'data-exporter',
  'load again': 'replica',
  'by country': 'sql',
  'mean in r': 'r',
  countries: 'dynamic',
  'per country': 'dynamic-child',
  'file is there': 'sensor',
  'try it': 'scratchpad',
  tell: 'callback',
  'only on weekdays': 'conditional',
  'totals by country': 'chart'
};

test('pictures of block types', async ({ page }) => {
  await page.setViewportSize({ width: 1290, height: 1300 });
  await openLab(page);
  await execute(page, 'apputils:change-theme', { theme: 'JupyterLab Light' });
  await execute(page, 'application:toggle-left-area').catch(() => undefined);
  await openPipeline(page, 'mage:gallery/orders.ipynb');
  const cells = Object.keys(ORDERS).length;
  await runEach(page, cells);
  await expect(
    page.locator('.mage-Header[aria-label^="totals by country, Chart, done"]')
  ).toBeAttached();
  for (const [block, name] of Object.entries(ORDERS)) {
    await picture(page, block, name);
  }
});

test('picture of an extension', async ({ page }) => {
  await page.setViewportSize({ width: 1290, height: 1300 });
  await openLab(page);
  await execute(page, 'apputils:change-theme', { theme: 'JupyterLab Light' });
  await execute(page, 'application:toggle-left-area').catch(() => undefined);
  await openPipeline(page, 'mage:gallery/checked.ipynb');
  await runEach(page, 2);
  await expect(
    page.locator('.mage-Header[aria-label*="load orders, Data loader, done"]')
  ).toBeAttached();
  await picture(page, 'sane orders', 'extension');
  await picture(page, 'load orders', 'extension-result');
});

test('picture of a global data product', async ({ page }) => {
  await page.setViewportSize({ width: 1290, height: 1300 });
  await openLab(page);
  await execute(page, 'apputils:change-theme', { theme: 'JupyterLab Light' });
  await execute(page, 'application:toggle-left-area').catch(() => undefined);
  await openPipeline(page, 'mage:gallery/uses.ipynb');
  await runEach(page, 1);
  await expect(
    page.locator(
      '.mage-Header[aria-label*="the large orders"][aria-label*="done"]'
    )
  ).toBeAttached();
  await picture(page, 'the large orders', 'global-data-product');
});

test('picture of a dbt model', async ({ page }) => {
  await page.setViewportSize({ width: 1500, height: 1300 });
  await openLab(page);
  await execute(page, 'apputils:change-theme', { theme: 'JupyterLab Light' });
  await openPipeline(page, 'mage:shop/models.ipynb');
  await runEach(page, 1);
  await expect(
    page.locator('.mage-Header[aria-label*="dbt, done"]')
  ).toBeAttached();
  await picture(page, 'dbt/demo/models/alone', 'dbt');
});
