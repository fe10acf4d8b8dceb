import { expect, test } from '@playwright/test';

import { execute, openLab, openPipeline, stateOf } from './lab';

/** What works in any notebook works in a pipeline's. */
test('find, complete, drag, a second view, undo', async ({ page }) => {
  await openLab(page);
  await openPipeline(page, 'mage:penguins/penguins.ipynb');
  const notebook = page.locator('.jp-NotebookPanel').first();
  const names = notebook.locator('.mage-Header-name');
  await expect(names.first()).toHaveText('Load penguins');

  // Find counts what is in the blocks.
  await notebook.locator('.jp-Cell').first().locator('.cm-content').click();
  await page.keyboard.press('Control+f');
  await page.locator('.jp-DocumentSearch-input').first().fill('flipper_length');
  await expect(page.locator('.jp-DocumentSearch-index-counter')).toHaveText(
    /\/[1-9]/
  );
  await page.keyboard.press('Escape');

  // Once a block ran, its names are completed.
  await notebook.locator('.jp-Cell').first().locator('.cm-content').click();
  await page.keyboard.press('Control+Enter');
  await expect(stateOf(page, 0)).toHaveAttribute('aria-label', /done/);
  await notebook.locator('.jp-Cell').nth(1).locator('.cm-content').click();
  await page.keyboard.press('Control+End');
  await page.keyboard.insertText('\nload_pen');
  await page.keyboard.press('Tab');
  await expect(
    page.locator('.jp-Completer-item', { hasText: 'load_penguins' }).first()
  ).toBeVisible();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+z');

  // A cell dragged above another changes places, and undo brings it back.
  await page.keyboard.press('Escape');
  await execute(page, 'notebook:move-cell-up');
  await expect(names.first()).toHaveText('Clean penguins');
  await execute(page, 'notebook:undo-cell-action');
  await expect(names.first()).toHaveText('Load penguins');
  const prompt = notebook.locator('.jp-Cell').nth(1).locator('.jp-InputPrompt');
  await prompt.hover();
  await page.mouse.wheel(0, -300);
  await expect
    .poll(async () => (await prompt.boundingBox())!.y)
    .toBeGreaterThan(350);
  const box = (await prompt.boundingBox())!;
  await page.mouse.move(box.x + 20, box.y + 8);
  await page.mouse.down();
  // Dropped on a cell, it is put in its place.
  await page.mouse.move(box.x + 30, box.y - 20, { steps: 5 });
  await page.mouse.move(box.x + 60, box.y - 150, { steps: 10 });
  await page.mouse.up();
  await expect(names.first()).toHaveText('Clean penguins');

  // A second view of the same pipeline has headers of its own.
  await execute(page, 'docmanager:clone');
  await expect(page.locator('.jp-NotebookPanel')).toHaveCount(2);
  await expect(
    page
      .locator('.jp-NotebookPanel')
      .nth(1)
      .locator('.mage-BlockHeader')
      .first()
  ).toBeVisible();
});
