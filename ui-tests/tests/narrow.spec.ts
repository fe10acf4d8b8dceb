import { expect, test } from '@playwright/test';
import type { Locator } from '@playwright/test';

import { execute, openLab, openPipeline } from './lab';

/** What is drawn outside of `box`, or cut off by it. */
async function outside(box: Locator, parts: string): Promise<string[]> {
  return box.evaluate((node, selector) => {
    const frame = node.getBoundingClientRect();
    return Array.from(node.querySelectorAll<HTMLElement>(selector))
      .filter(part => {
        const at = part.getBoundingClientRect();
        return (
          at.width > 0 &&
          (at.right > frame.right + 1 ||
            at.bottom > frame.bottom + 1 ||
            at.left < frame.left - 1)
        );
      })
      .map(part => part.textContent || part.className);
  }, parts);
}

for (const width of [1440, 1024]) {
  test(`headers and toolbar fit in a window of ${width} px`, async ({
    page
  }) => {
    await page.setViewportSize({ width, height: 900 });
    await openLab(page, { sidebar: true });
    await openPipeline(page, 'mage:penguins/penguins.ipynb');
    await expect(page.locator('.mage-Canvas .react-flow')).toBeVisible();

    const toolbar = page.locator('.jp-NotebookPanel-toolbar');
    const more = toolbar.locator('.jp-Toolbar-responsive-opener');
    await expect(more).toBeVisible();
    await expect.poll(() => outside(toolbar, '.jp-Toolbar-item')).toEqual([]);

    for (const header of await page.locator('.mage-Header').all()) {
      const box = await header.boundingBox();
      // Two lines at most.
      expect(box!.height).toBeLessThan(60);
      expect(await outside(header, 'button, span')).toEqual([]);
    }
  });
}

test('values of connections can be read beside a canvas', async ({ page }) => {
  await page.setViewportSize({ width: 1024, height: 700 });
  await openLab(page, { sidebar: true });
  await openPipeline(page, 'mage:babel/tongues.ipynb');
  await expect(page.locator('.mage-Canvas .react-flow')).toBeVisible();
  await execute(page, 'mage:open-connections', { project: 'babel' });
  const field = page.locator('.mage-Connection-value input').first();
  await expect(field).toBeVisible();
  expect((await field.boundingBox())!.width).toBeGreaterThan(120);
});
