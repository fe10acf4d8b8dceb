import { test } from '@playwright/test';

import { execute, openLab, openPipeline, stateOf } from '../tests/lab';

const IMAGES = '../docs/images';

for (const theme of ['Light', 'Dark']) {
  for (const width of [1440, 1024]) {
    test(`pictures, ${theme}, ${width} px`, async ({ page }) => {
      const name = `${theme.toLowerCase()}${width === 1440 ? '' : `-${width}`}`;
      await page.setViewportSize({ width, height: 900 });
      await openLab(page, { sidebar: true });
      await execute(page, 'apputils:change-theme', {
        theme: `JupyterLab ${theme}`
      });
      await openPipeline(page, 'mage:penguins/penguins.ipynb');
      await page
        .locator('.jp-NotebookPanel-toolbar')
        .getByText('Run all')
        .click();
      for (let index = 0; index < 4; index++) {
        await stateOf(page, index)
          .and(page.locator('[aria-label*="done"]'))
          .waitFor();
      }
      if (!(await page.locator('.mage-Canvas').isVisible())) {
        await execute(page, 'mage:open-canvas');
      }
      await page.locator('.mage-Canvas .react-flow__node').first().waitFor();
      await page.locator('.jp-Cell').first().scrollIntoViewIfNeeded();
      const dismiss = page.locator('.Toastify button:has-text("No")');
      if (await dismiss.count()) {
        await dismiss.first().click();
      }
      await page
        .locator('.jp-Notebook .lm-DataGrid')
        .first()
        .scrollIntoViewIfNeeded();
      await page.waitForTimeout(2500);
      await page.screenshot({ path: `${IMAGES}/pipeline-${name}.png` });
      const made = await page.evaluate(async () => {
        const token = document.cookie.match(/_xsrf=([^;]+)/)?.[1] ?? '';
        const answer = await fetch('/mage/api/runs', {
          method: 'POST',
          headers: { 'X-XSRFToken': token, 'Content-Type': 'application/json' },
          body: JSON.stringify({ project: 'penguins', pipeline: 'penguins' })
        });
        return (await answer.json()).id as string;
      });
      await execute(page, 'mage:open-run', { run: made });
      await page.locator('.mage-Run-title').getByText('done').waitFor();
      await page.waitForTimeout(2500);
      await page.screenshot({ path: `${IMAGES}/run-${name}.png` });
      await execute(page, 'mage:new-trigger', {
        project: 'penguins',
        pipeline: 'penguins'
      });
      await page.locator('.mage-TriggerForm').waitFor();
      await page.waitForTimeout(1500);
      await page.screenshot({ path: `${IMAGES}/trigger-${name}.png` });
    });
  }
}

for (const theme of ['Light', 'Dark']) {
  test(`pictures of dbt, ${theme}`, async ({ page }) => {
    await openLab(page);
    await execute(page, 'apputils:change-theme', {
      theme: `JupyterLab ${theme}`
    });
    await openPipeline(page, 'mage:shop/etl.ipynb');
    if ((await page.locator('.mage-BlockHeader').count()) === 1) {
      const model = 'demo/models/marts/totals.sql';
      const adding = execute(page, 'mage:add-dbt-model', { model });
      await page
        .locator('.jp-Dialog')
        .getByRole('button', { name: 'Add all' })
        .click();
      await adding;
    }
    await execute(page, 'mage:run-all');
    await stateOf(page, 2).and(page.locator('[aria-label*="done"]')).waitFor({
      timeout: 120000
    });
    const dismiss = page.locator('.Toastify button:has-text("No")');
    if (await dismiss.count()) {
      await dismiss.first().click();
    }
    await page.locator('.mage-Dbt-table').first().scrollIntoViewIfNeeded();
    await page.waitForTimeout(1500);
    await page.screenshot({ path: `${IMAGES}/dbt-${theme.toLowerCase()}.png` });
  });
}
