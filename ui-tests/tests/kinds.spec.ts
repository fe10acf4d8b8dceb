import { expect, test } from '@playwright/test';
import type { Locator, Page } from '@playwright/test';

import { execute, openLab, openPipeline, stateOf } from './lab';

/** Where pictures go when somebody wants to look: SHOTS=folder. */
async function shot(page: Page, name: string): Promise<void> {
  if (process.env.SHOTS) {
    await page.waitForTimeout(800);
    await page.screenshot({ path: `${process.env.SHOTS}/${name}.png` });
  }
}

function header(page: Page, name: string): Locator {
  return page
    .locator('.mage-Header')
    .filter({ has: page.locator('.mage-Header-name', { hasText: name }) })
    .first();
}

for (const theme of ['Light', 'Dark']) {
  test(`every type of chart is drawn, ${theme}`, async ({ page }) => {
    await openLab(page);
    await execute(page, 'apputils:change-theme', {
      theme: `JupyterLab ${theme}`
    });
    await openPipeline(page, 'mage:kinds/charts.ipynb');
    await page
      .locator('.jp-NotebookPanel-toolbar')
      .getByText('Run all')
      .click();
    await expect(stateOf(page, 0)).toHaveAttribute('aria-label', /done/);
    const cells = page.locator('.jp-Notebook .jp-Cell');
    for (const name of [
      'bars',
      'flat',
      'lines',
      'histogram',
      'pie',
      'weeks',
      'months'
    ]) {
      await execute(page, 'mage:run-block', {
        path: 'mage:kinds/charts.ipynb',
        block: name
      });
      const cell = cells.filter({ has: header(page, name) });
      await cell.scrollIntoViewIfNeeded();
      await expect(
        cell.locator('.vega-embed canvas, .vega-embed svg').first()
      ).toBeVisible();
      await shot(page, `chart-${name}-${theme}`);
    }
    const table = cells.filter({ has: header(page, 'table') });
    await execute(page, 'mage:run-block', {
      path: 'mage:kinds/charts.ipynb',
      block: 'table'
    });
    await table.scrollIntoViewIfNeeded();
    await expect(table.locator('.lm-DataGrid')).toBeVisible();
    await shot(page, `chart-table-${theme}`);
  });
}

test('a chart is made without code', async ({ page }) => {
  await openLab(page);
  await openPipeline(page, 'mage:kinds/charts.ipynb');
  const path = 'mage:kinds/charts.ipynb';
  await execute(page, 'mage:run-block', { path, block: 'load' });
  await expect(header(page, 'load')).toHaveAttribute('aria-label', /done/);
  void execute(page, 'mage:block-settings', { path, block: 'bars' });
  const dialog = page.locator('.jp-Dialog');
  await dialog.getByLabel('Type of chart').selectOption('pie chart');
  await dialog.getByLabel('Column', { exact: true }).fill('city');
  await shot(page, 'chart-settings');
  await dialog.getByRole('button', { name: 'Apply' }).click();
  await execute(page, 'mage:run-block', { path, block: 'bars' });
  await expect(
    page
      .locator('.jp-Cell')
      .filter({ has: header(page, 'bars') })
      .locator('.vega-embed')
  ).toBeVisible();
});

test('every kind of block is shown, and can be added', async ({ page }) => {
  const path = 'mage:kinds/kinds.ipynb';
  await openLab(page);
  await openPipeline(page, path);
  const product = header(page, 'orders');
  await expect(product).toContainText('never made yet');
  await execute(page, 'mage:run-block', { path, block: 'orders' });
  await expect(product).toHaveAttribute('aria-label', /done/);
  await expect(product).toContainText('fresh, made');
  await expect(header(page, 'load again')).toContainText('replica of load');
  await expect(header(page, 'strange')).toContainText('unknown type');
  // Its extension block is asked, and this kernel has no Great Expectations.
  await execute(page, 'mage:run-block', { path, block: 'load again' });
  await expect(
    page
      .locator('.jp-Cell')
      .filter({ has: header(page, 'load again') })
      .getByText('pip install great_expectations')
      .first()
  ).toBeVisible();
  await execute(page, 'mage:open-canvas');
  await page.locator('.mage-Canvas .react-flow__node').first().waitFor();
  await expect(
    page.locator('.mage-Card', { hasText: 'orders' }).first()
  ).toBeVisible();
  await shot(page, 'kinds');
  for (const type of [
    'data_loader',
    'transformer',
    'data_exporter',
    'custom',
    'scratchpad',
    'sensor',
    'callback',
    'conditional',
    'chart',
    'markdown',
    'extension',
    'global_data_product'
  ]) {
    const before = await page.locator('.mage-BlockHeader').count();
    await execute(page, 'mage:add-block', { path, type });
    await expect(page.locator('.mage-BlockHeader')).toHaveCount(before + 1);
    await expect(
      page.locator(`.mage-BlockHeader[data-type="${type}"]`).last()
    ).toBeVisible();
  }
  // Each begins with the frame of its type.
  await expect(page.locator('.jp-Notebook')).toContainText('def may_run');
  await execute(page, 'mage:replicate-block', { path, block: 'load' });
  await expect(header(page, 'load (replica)')).toContainText('replica of load');
  await page.locator('.mage-Header-name', { hasText: 'replica' }).click();
  await execute(page, 'docmanager:save');
  await expect(page.locator('.jp-mod-dirty')).toHaveCount(0);
});

test('the menu of new blocks offers products and templates', async ({
  page
}) => {
  await openLab(page);
  await openPipeline(page, 'mage:kinds/kinds.ipynb');
  const bar = page.locator('.mage-AddBar').last();
  await bar.scrollIntoViewIfNeeded();
  await bar.hover();
  await bar.getByRole('button', { name: 'more' }).click();
  await page
    .locator('.lm-Menu-itemLabel', { hasText: 'Global data product' })
    .hover();
  await expect(
    page.locator('.lm-Menu-itemLabel', { hasText: 'daily_orders' })
  ).toBeVisible();
  await shot(page, 'add-menu');
});

test('global data products are registered, edited and removed', async ({
  page
}) => {
  await openLab(page);
  const managing = execute(page, 'mage:manage-data-products', {
    project: 'kinds'
  });
  const dialog = page.locator('.jp-Dialog');
  await expect(
    dialog.getByText('Too old 1 week after its last run.')
  ).toBeVisible();
  await shot(page, 'products');
  await dialog.getByRole('button', { name: 'Register…' }).click();
  await dialog.getByLabel('Name').fill('Sales of the day');
  await dialog.getByLabel('Pipeline that makes it').selectOption('orders');
  await dialog.getByRole('checkbox', { name: 'make' }).check();
  await dialog.getByLabel('But only from this hour (UTC)').selectOption('6');
  await shot(page, 'product-form');
  await dialog.getByRole('button', { name: 'Register', exact: true }).click();
  await expect(
    dialog.getByText('Too old 1 day after its last run, but only from hour 6')
  ).toBeVisible();
  await dialog.getByRole('button', { name: 'Edit “sales_of_the_day”' }).click();
  await dialog.getByLabel('Too old after').fill('2');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(
    dialog.getByText('Too old 2 days after its last run')
  ).toBeVisible();
  await dialog
    .getByRole('button', { name: 'Remove “sales_of_the_day”' })
    .click();
  await dialog.getByRole('button', { name: 'Remove', exact: true }).click();
  await expect(dialog.getByText('sales_of_the_day')).toHaveCount(0);
  await dialog.getByRole('button', { name: 'Close' }).click();
  await managing;
});

test('forms of interactions take the place of variables', async ({ page }) => {
  const path = 'mage:kinds/kinds.ipynb';
  await openLab(page);
  await openPipeline(page, path);
  void execute(page, 'mage:run-with-variables', { path, block: 'load' });
  const dialog = page.locator('.jp-Dialog');
  await expect(dialog.getByLabel('City *')).toHaveValue('1');
  // The dialog takes the focus once, a moment after it is shown.
  await expect(dialog.getByLabel('Execution date')).toBeFocused();
  await dialog.getByLabel('How many').fill('1.5');
  await expect(dialog.getByText('This is no whole number.')).toBeVisible();
  await dialog.getByLabel('How many').fill('15');
  await expect(dialog.getByText('1 other variable')).toBeVisible();
  await shot(page, 'interactions');
  await dialog.getByRole('button', { name: 'Run' }).click();
  await expect(header(page, 'load')).toHaveAttribute('aria-label', /done/);
  await execute(page, 'mage:new-trigger', {
    project: 'kinds',
    pipeline: 'kinds'
  });
  const form = page.locator('.mage-TriggerForm');
  await expect(form.getByLabel('City *')).toBeVisible();
  await form.getByLabel('Tell everybody').check();
  await shot(page, 'trigger-form');
});
