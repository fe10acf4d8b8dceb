import { expect, test } from '@playwright/test';

import { openLab, openPipeline, stateOf } from './lab';
import { uninstall, wheelOf } from './wheel';

const NAME = 'mage-ui-driver';

test.afterAll(() => uninstall(NAME));

test('a missing driver is installed from under the cell, and the block runs again', async ({
  page
}) => {
  await openLab(page);
  const wheel = wheelOf(NAME, 'ANSWER = 42');
  await page.evaluate(
    async ([content, name]) => {
      const token = document.cookie.match(/_xsrf=([^;]+)/)?.[1] ?? '';
      const send = async (
        url: string,
        method: string,
        body: object,
        etag = '*'
      ): Promise<unknown> => {
        const answer = await fetch(url, {
          method,
          headers: {
            'X-XSRFToken': token,
            'Content-Type': 'application/json',
            'If-Match': etag
          },
          body: JSON.stringify(body)
        });
        if (!answer.ok) {
          throw new Error(`${url}: ${await answer.text()}`);
        }
        return answer.json();
      };
      const pipelines = '/mage/api/projects/installs/pipelines';
      await send('/mage/api/projects', 'POST', { path: 'installs' });
      await send(pipelines, 'POST', { name: 'drive' });
      const config = document.getElementById('jupyter-config-data')!;
      const root = JSON.parse(config.textContent!).serverRoot as string;
      const file = 'mage_ui_driver-1.0-py3-none-any.whl';
      await send(`/api/contents/installs/${file}`, 'PUT', {
        type: 'file',
        format: 'base64',
        content
      });
      const wanted = `${name} @ file://${root}/installs/${file}`;
      await send(`${pipelines}/drive/blocks`, 'POST', {
        name: 'load',
        type: 'data_loader',
        source:
          'from _mage_jlab_kernel.io.drivers import package\n\n\n@data_loader\n' +
          'def load(*args, **kwargs):\n' +
          `    return package('mage_ui_driver', '${wanted}', 'This block').ANSWER\n`
      });
    },
    [wheel, NAME] as const
  );
  await openPipeline(page, 'mage:installs/drive.ipynb');
  await page.locator('.jp-NotebookPanel-toolbar').getByText('Run all').click();
  await page
    .locator('.mage-ErrorBar')
    .getByRole('button', { name: /^Install mage-ui-driver/ })
    .click();
  const dialog = page.locator('.jp-Dialog');
  await expect(dialog).toContainText('-m pip install');
  await dialog.getByRole('button', { name: 'Install in a terminal' }).click();
  await expect(page.locator('.jp-Terminal')).toBeVisible();
  await expect(
    page.locator('.Toastify').getByText('is installed.')
  ).toBeVisible({ timeout: 60000 });
  // The same kernel, once more, without anybody asking it to.
  await expect(
    stateOf(page, 0).and(page.locator('[aria-label*="done"]'))
  ).toHaveCount(1);
});
