import { test } from '@playwright/test';

import { execute, openLab } from '../tests/lab';

const IMAGES = '../docs/images';
const FILE = `version: 0.1.1
default:
  POSTGRES_HOST: db.example.com
  POSTGRES_PORT: 5432
  POSTGRES_DBNAME: shop
  POSTGRES_USER: "{{ env_var('PGUSER') }}"
  POSTGRES_PASSWORD: "{{ mage_secret_var('warehouse') }}"
  AWS_REGION: eu-central-1
  OUR_LIMIT: 3
`;

for (const theme of ['Light', 'Dark']) {
  for (const width of [1440, 1024]) {
    test(`connections, ${theme}, ${width} px`, async ({ page }) => {
      const name = `${theme.toLowerCase()}${width === 1440 ? '' : `-${width}`}`;
      await page.setViewportSize({ width, height: 900 });
      await openLab(page, { sidebar: true });
      await execute(page, 'apputils:change-theme', {
        theme: `JupyterLab ${theme}`
      });
      await page.evaluate(async content => {
        const token = document.cookie.match(/_xsrf=([^;]+)/)?.[1] ?? '';
        const headers = {
          'X-XSRFToken': token,
          'Content-Type': 'application/json'
        };
        await fetch('/api/contents/penguins/io_config.yaml', {
          method: 'PUT',
          headers,
          body: JSON.stringify({ type: 'file', format: 'text', content })
        });
        const body = { name: 'warehouse', value: 'x', replace: true };
        await fetch('/mage/api/projects/penguins/secrets', {
          method: 'POST',
          headers,
          body: JSON.stringify(body)
        });
      }, FILE);
      const dismiss = page.locator('.Toastify button:has-text("No")');
      await dismiss
        .first()
        .click({ timeout: 5000 })
        .catch(() => undefined);
      await execute(page, 'mage:open-connections', { project: 'penguins' });
      const card = page.getByRole('region', { name: 'PostgreSQL' });
      await card.getByLabel('Schema', { exact: true }).fill('mart');
      await card.getByRole('button', { name: /Test/ }).click();
      await card.locator('[data-ok]').waitFor({ timeout: 60000 });
      await card.getByLabel('Schema', { exact: true }).fill('mart_2');
      await page.screenshot({ path: `${IMAGES}/connections-${name}.png` });
      const dialog = execute(page, 'mage:manage-secrets', {
        project: 'penguins'
      });
      await page.locator('.jp-Dialog').getByText('warehouse').waitFor();
      await page.screenshot({ path: `${IMAGES}/secrets-${name}.png` });
      await page.getByRole('button', { name: 'Close', exact: true }).click();
      await dialog;
    });
  }
}
