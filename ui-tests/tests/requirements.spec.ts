import { expect, test } from '@playwright/test';

import { execute, openLab } from './lab';
import { uninstall, wheelOf } from './wheel';

const NAME = 'mage-ui-tiny';

test.afterAll(() => uninstall(NAME));

test('what the kernel lacks is shown, installed, and then no longer shown', async ({
  page
}) => {
  await openLab(page);
  const wheel = wheelOf(NAME);
  await page.evaluate(
    async ([content, name]) => {
      const token = document.cookie.match(/_xsrf=([^;]+)/)?.[1] ?? '';
      const send = async (
        url: string,
        method: string,
        body: object
      ): Promise<unknown> => {
        const answer = await fetch(url, {
          method,
          headers: { 'X-XSRFToken': token, 'Content-Type': 'application/json' },
          body: JSON.stringify(body)
        });
        if (!answer.ok) {
          throw new Error(`${url}: ${await answer.text()}`);
        }
        return answer.json();
      };
      await send('/mage/api/projects', 'POST', { path: 'needs' });
      await send('/mage/api/projects/needs/pipelines', 'POST', {
        name: 'hungry'
      });
      const config = document.getElementById('jupyter-config-data')!;
      const root = JSON.parse(config.textContent!).serverRoot as string;
      const file = 'mage_ui_tiny-1.0-py3-none-any.whl';
      await send(`/api/contents/needs/${file}`, 'PUT', {
        type: 'file',
        format: 'base64',
        content
      });
      await send('/api/contents/needs/requirements.txt', 'PUT', {
        type: 'file',
        format: 'text',
        content: `packaging\n${name} @ file://${root}/needs/${file}\n`
      });
    },
    [wheel, NAME] as const
  );

  const open = (): Promise<void> =>
    execute(page, 'docmanager:open', {
      path: 'mage:needs/hungry.ipynb',
      factory: 'Notebook'
    });
  await open();
  const missing = page.getByRole('button', { name: '1 package missing' });
  await missing.click();
  const dialog = page.locator('.jp-Dialog');
  await expect(dialog).toContainText('packaging');
  await expect(dialog.getByRole('row', { name: NAME })).toContainText(
    'missing'
  );
  await expect(dialog).toContainText('-m pip install');
  await dialog.getByRole('button', { name: 'Install in a terminal' }).click();
  await expect(page.locator('.jp-Terminal')).toBeVisible();
  await expect
    .poll(
      async () => {
        const answer = await page.request.get(
          '/mage/api/projects/needs/requirements'
        );
        return (await answer.json()).items.map(
          (item: { state: string }) => item.state
        );
      },
      { timeout: 60000 }
    )
    .toEqual(['met', 'met']);

  // A kernel that starts anew has it.
  await open();
  const restarted = execute(page, 'kernelmenu:restart');
  await page.locator('.jp-Dialog .jp-mod-warn').click();
  await restarted;
  await expect(missing).toHaveCount(0);
});
