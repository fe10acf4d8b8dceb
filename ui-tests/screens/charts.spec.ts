import { expect, test } from '@playwright/test';

import { execute, openLab, openPipeline } from '../tests/lab';

for (const theme of ['Light', 'Dark']) {
  test(`picture of charts, ${theme}`, async ({ page }) => {
    await page.setViewportSize({ width: 1186, height: 905 });
    await openLab(page);
    await execute(page, 'apputils:change-theme', {
      theme: `JupyterLab ${theme}`
    });
    await execute(page, 'application:toggle-left-area').catch(() => undefined);
    await openPipeline(page, 'mage:kinds/charts.ipynb');
    await execute(page, 'mage:run-all');
    await expect(
      page.locator('.mage-Header[aria-label^="months, Chart, done"]')
    ).toBeAttached();
    const weeks = page.locator('.jp-Notebook .jp-Cell').filter({
      has: page.locator('.mage-Header[aria-label^="weeks,"]')
    });
    await weeks.evaluate(node => node.scrollIntoView({ block: 'start' }));
    await expect(weeks.locator('.jp-OutputArea canvas')).toBeVisible();
    await page.waitForTimeout(1500);
    await page.screenshot({
      path: `../docs/images/charts-${theme.toLowerCase()}.png`,
      clip: { x: 33, y: 27, width: 1150, height: 850 }
    });
  });
}
