import { expect, test } from '@playwright/test';

import { execute, openLab, openPipeline } from './lab';

test('a dbt model is added with what it reads, built, and its tests are told', async ({
  page
}) => {
  await openLab(page);
  await openPipeline(page, 'mage:shop/etl.ipynb');
  const headers = page.locator('.mage-BlockHeader');
  await expect(headers).toHaveCount(1);
  const adding = execute(page, 'mage:add-dbt-model');
  const dialog = page.locator('.jp-Dialog');
  await dialog
    .getByRole('combobox')
    .selectOption('demo/models/marts/totals.sql');
  await dialog.getByRole('button', { name: 'Add' }).click();
  await expect(dialog).toContainText('demo/models/orders.sql');
  await dialog.getByRole('button', { name: 'Add all' }).click();
  await adding;
  await expect(headers).toHaveCount(3);
  await expect(headers.nth(1)).toContainText('demo/models/orders');
  // Connected with the block whose table it reads, and with the model it refers to.
  await expect(headers.nth(1)).toContainText('load');
  await expect(headers.nth(2)).toContainText('demo/models/orders');

  await execute(page, 'mage:run-all');
  const tables = page.locator('.mage-Dbt-table');
  await expect(tables).toHaveCount(2, { timeout: 90000 });
  await expect(tables.first().locator('tbody tr')).toHaveCount(3);
  await expect(tables.first()).toContainText('unique_orders_id');
  await expect(tables.first()).toContainText('pass');
  await expect(page.locator('.jp-Notebook')).toContainText('1 of 3 OK created');

  // What was written is what Mage would have written.
  const answer = await page.request.get(
    '/api/contents/shop/pipelines/etl/metadata.yaml'
  );
  const { content } = await answer.json();
  expect(content).toContain('uuid: demo/models/marts/totals');
  expect(content).toContain('file_path: demo/models/marts/totals.sql');
  const model = await page.request.get(
    '/api/contents/shop/dbt/demo/models/orders.sql'
  );
  expect((await model.json()).content).toContain("source('mage_demo'");
});

test('the name of a new dbt model is typed behind its folder', async ({
  page
}) => {
  await openLab(page);
  await openPipeline(page, 'mage:shop/etl.ipynb');
  const headers = page.locator('.mage-BlockHeader');
  const before = await headers.count();
  const adding = execute(page, 'mage:new-dbt-model');
  await expect(page.locator('.jp-Dialog input')).toBeFocused();
  await page.keyboard.type('fresh');
  await page.keyboard.press('Enter');
  await adding;
  await expect(headers).toHaveCount(before + 1);
  await expect(headers.filter({ hasText: 'demo/models/fresh' })).toHaveCount(1);
});
