import { expect, test } from '@playwright/test';

import { execute, openLab, openPipeline, stateOf } from './lab';

test('an ordinary notebook is as it was', async ({ page }) => {
  await openLab(page);
  await execute(page, 'notebook:create-new', { kernelName: 'python3' });
  const notebook = page.locator('.jp-NotebookPanel');
  await expect(notebook.locator('.jp-Cell').first()).toBeVisible();
  await expect(notebook.locator('.mage-BlockHeader')).toHaveCount(0);
  await expect(notebook.locator('.mage-AddBar')).toHaveCount(0);
  await expect(notebook.getByText('Run all', { exact: true })).toHaveCount(0);
  await expect(page.locator('#jp-main-statusbar')).toContainText('Idle');
  await notebook.locator('.cm-content').first().click();
  await page.keyboard.insertText('print(6 * 7)');
  await page.keyboard.press('Control+Enter');
  await expect(notebook.locator('.jp-OutputArea-output')).toHaveText(/42/);
});

test('a failing block says why, and what hangs on it does not run', async ({
  page
}) => {
  await openLab(page);
  await openPipeline(page, 'mage:penguins/penguins.ipynb');
  const clean = page.locator('.jp-Notebook .jp-Cell').nth(1);
  await clean.locator('.cm-content').click();
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText(
    "@transformer\ndef clean(penguins, *args, **kwargs):\n    return penguins['no such column']\n"
  );
  await page.locator('.jp-NotebookPanel-toolbar').getByText('Run all').click();
  await expect(stateOf(page, 0)).toHaveAttribute('aria-label', /done/);
  await expect(stateOf(page, 1)).toHaveAttribute('aria-label', /failed/);
  // Stale when it ran before, with what its upstream was then.
  await expect(stateOf(page, 2)).toHaveAttribute('aria-label', /not run|stale/);
  await expect(clean.locator('.jp-OutputArea')).toContainText('no such column');
  // The line is the user's own.
  await expect(clean.locator('.jp-OutputArea')).toContainText('line 3');
});

test('a block that takes its kernel with it says so', async ({ page }) => {
  await openLab(page);
  await openPipeline(page, 'mage:penguins/penguins.ipynb');
  const first = page.locator('.jp-Notebook .jp-Cell').first();
  await first.locator('.cm-content').click();
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText(
    'import os\n@data_loader\ndef load(*args, **kwargs):\n    os._exit(3)\n'
  );
  await page.keyboard.press('Control+Enter');
  await page
    .locator('.jp-Dialog', { hasText: 'appears to have died' })
    .getByRole('button', { name: 'Ok' })
    .click();
  await expect(stateOf(page, 0)).toHaveAttribute('aria-label', /interrupted/);
  await expect(first.locator('.mage-Error')).toContainText('kernel ended');
});

test('what was shown is there after the page was closed', async ({ page }) => {
  await openLab(page);
  await openPipeline(page, 'mage:penguins/penguins.ipynb');
  await page.locator('.jp-NotebookPanel-toolbar').getByText('Run all').click();
  for (let index = 0; index < 4; index++) {
    await expect(stateOf(page, index)).toHaveAttribute('aria-label', /done/);
  }
  const second = await page.context().newPage();
  await page.close();
  await openLab(second);
  await openPipeline(second, 'mage:penguins/penguins.ipynb');
  await expect(second.locator('.mage-BlockHeader').first()).toContainText(
    '344 × 8'
  );
  await expect(
    second.locator('.jp-Notebook .lm-DataGrid').first()
  ).toBeVisible();
  await expect(second.locator('.jp-mod-dirty')).toHaveCount(0);
});

test('a block runs in a clean process, and its history is one click away', async ({
  page
}) => {
  await openLab(page);
  await openPipeline(page, 'mage:penguins/penguins.ipynb');
  const header = page.locator('.mage-BlockHeader').first();
  await header.getByRole('button', { name: /More ways to run/ }).click();
  await page.getByText('Run in a clean process').click();
  const run = page.locator('.mage-Run');
  await expect(run.locator('.mage-Run-title')).toContainText('done');
  await expect(run.locator('.mage-Run-facts')).toContainText('load_penguins');
  await openPipeline(page, 'mage:penguins/penguins.ipynb');
  await header.getByRole('button', { name: /More about/ }).click();
  await page.getByText('History: runs of this pipeline').click();
  const runs = page.locator('.mage-Runs');
  await expect(runs.locator('tbody tr').first()).toContainText('penguins');
  await expect(runs.getByLabel('Pipeline')).toHaveValue(/penguins/);
});
