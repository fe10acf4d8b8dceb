import { expect, test } from '@playwright/test';

import { execute, openLab, openPipeline, stateOf } from './lab';

const PATH = 'mage:penguins/penguins.ipynb';

test('the grid sorts and filters the whole stored table', async ({ page }) => {
  await openLab(page);
  await openPipeline(page, PATH);
  await execute(page, 'mage:run-all');
  await expect(stateOf(page, 0)).toHaveAttribute('aria-label', /done/);
  const preview = page.locator('.jp-Notebook .mage-Preview').first();
  const grid = preview.locator('.lm-DataGrid');
  const foot = preview.locator('.mage-Table-foot');
  await expect(grid).toBeVisible();
  await expect(foot).toContainText('344 rows × 8 columns');

  // A click on a header sorts by it, a second one the other way round.
  await grid.click({ position: { x: 100, y: 14 } });
  await expect(foot).toContainText('species ▲');
  await grid.click({ position: { x: 100, y: 14 } });
  await expect(foot).toContainText('species ▼');

  await foot.getByRole('button', { name: 'Filter line' }).click();
  const field = page.getByLabel('Filter for species');
  await field.fill('gentoo');
  await field.press('Enter');
  // More than the rows that came with the notebook.
  await expect(foot).toContainText('124 of 344 rows');
  await foot.getByRole('button', { name: 'clear all' }).click();
  await expect(foot).toContainText('344 rows × 8 columns');
});

test('canvas and notebook choose the same block', async ({ page }) => {
  await openLab(page);
  await openPipeline(page, PATH);
  await execute(page, 'mage:open-canvas');
  const nodes = page.locator('.mage-Canvas .react-flow__node');
  const chosen = page.locator('.mage-Canvas .mage-Card[data-selected]');
  const active = page.locator('.jp-Cell.jp-mod-active .mage-Header');
  await expect(nodes).toHaveCount(5);

  await nodes.filter({ hasText: 'Summarise penguins' }).click();
  await expect(active).toHaveAttribute('aria-label', /^Summarise penguins/);
  await page.keyboard.press('ArrowUp');
  await expect(chosen).toHaveAttribute('aria-label', /^Clean penguins/);
  await expect(active).toHaveAttribute('aria-label', /^Clean penguins/);

  // Enter goes to the cell; from there the notebook's own keys lead.
  await page.keyboard.press('Enter');
  await expect(page.locator('.jp-Cell.jp-mod-active')).toBeFocused();
  await page.keyboard.press('ArrowUp');
  await expect(chosen).toHaveAttribute('aria-label', /^Load penguins/);
});
