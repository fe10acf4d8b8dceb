import { expect, test, type Page } from '@playwright/test';

import { execute, openLab, openPipeline } from './lab';

/** Ask the server as the page may. */
async function send(
  page: Page,
  url: string,
  method: string,
  body: object
): Promise<unknown> {
  return page.evaluate(
    async ([to, how, what]) => {
      const token = document.cookie.match(/_xsrf=([^;]+)/)?.[1] ?? '';
      const answer = await fetch(to as string, {
        method: how as string,
        headers: { 'X-XSRFToken': token, 'Content-Type': 'application/json' },
        body: JSON.stringify(what)
      });
      if (!answer.ok) {
        throw new Error(`${to}: ${await answer.text()}`);
      }
      return answer.status === 204 ? null : answer.json();
    },
    [url, method, body] as const
  );
}

async function config(page: Page): Promise<string> {
  const answer = await page.request.get(
    '/api/contents/wired/io_config.yaml?content=1'
  );
  return (await answer.json()).content;
}

const FILE = `version: 0.1.1
default:
  # of the shop
  POSTGRES_HOST: 127.0.0.1
  POSTGRES_PORT: 1
  POSTGRES_DBNAME: shop
  POSTGRES_PASSWORD: canary-in-clear
`;

test('connections are edited, tried, and their passwords stay unseen', async ({
  page
}) => {
  await openLab(page, { sidebar: true });
  await send(page, '/mage/api/projects', 'POST', { path: 'wired' });
  await send(page, '/api/contents/wired/io_config.yaml', 'PUT', {
    type: 'file',
    format: 'text',
    content: FILE
  });
  await execute(page, 'mage:refresh');
  await page
    .locator('#mage-sidebar')
    .getByText('wired', { exact: true })
    .click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Connections…' }).click();
  const form = page.locator('.mage-Connections');
  const card = form.getByRole('region', { name: 'PostgreSQL' });
  await expect(card.getByLabel('Host', { exact: true })).toHaveValue(
    '127.0.0.1'
  );
  await expect(card).toContainText('There, and not shown');
  expect(await page.content()).not.toContain('canary-in-clear');

  // A password in clear becomes a secret; the rest of the file stays.
  await card
    .getByLabel('Where Password comes from')
    .selectOption({ label: 'secret' });
  await card.getByLabel('New value of Password').fill('canary-kept');
  await card.getByLabel('Host', { exact: true }).fill('localhost');
  await expect(form).toContainText('2 keys changed');
  await form.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(card).toContainText('✓ is there');
  expect(await config(page)).toBe(
    FILE.replace('127.0.0.1', 'localhost').replace(
      'canary-in-clear',
      `"{{ mage_secret_var('postgres_password') }}"`
    )
  );

  // Trying it says in one sentence what is wrong.
  await card.getByRole('button', { name: /Test the connection/ }).click();
  await expect(card.locator('.mage-Connection-trial')).toContainText(
    /Nobody listens at localhost:1|Install psycopg/
  );

  // Somebody else changes the file: nothing is lost.
  await card.getByLabel('Host', { exact: true }).fill('typed-here');
  const other = (await config(page)).replace('# of the shop', '# elsewhere');
  await send(page, '/api/contents/wired/io_config.yaml', 'PUT', {
    type: 'file',
    format: 'text',
    content: other
  });
  await form.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(form.getByRole('alert')).toContainText('changed elsewhere');
  expect(await config(page)).toBe(other);
  await form.getByRole('button', { name: 'Reload' }).click();
  await expect(card.getByLabel('Host', { exact: true })).toHaveValue(
    'typed-here'
  );
  await form.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(form.locator('.mage-Connections-save')).toHaveCount(0);
  expect(await config(page)).toBe(other.replace('localhost', 'typed-here'));

  // A new profile with another connector.
  await form.getByRole('button', { name: 'New profile…' }).click();
  await page.locator('.jp-Dialog input').fill('dev');
  await page.getByRole('button', { name: 'Create' }).click();
  await form.getByLabel('Add a connector').selectOption('sqlite');
  const sqlite = form.getByRole('region', { name: 'SQLite' });
  await sqlite.getByLabel('File', { exact: true }).fill('nothing.db');
  await sqlite.getByRole('button', { name: /Test the connection/ }).click();
  await expect(sqlite.locator('.mage-Connection-trial')).toContainText(
    'There is no file'
  );
  expect(await config(page)).toContain('dev:\n  SQLITE_DATABASE: nothing.db\n');

  // The secrets are listed by name, and can be deleted.
  await form.getByRole('button', { name: 'Secrets…' }).click();
  const dialog = page.locator('.jp-Dialog');
  await expect(dialog).toContainText('postgres_password');
  await dialog.getByLabel('Name of the secret').fill('token');
  await dialog.getByLabel('Value of the secret').fill('canary-token');
  await dialog.getByRole('button', { name: 'Keep', exact: true }).click();
  await expect(dialog.getByRole('row')).toHaveCount(3);
  await dialog.getByRole('button', { name: 'Delete the secret token' }).click();
  await dialog.getByRole('button', { name: 'Delete it' }).click();
  await expect(dialog.getByRole('row')).toHaveCount(2);
  await dialog.getByRole('button', { name: 'Close' }).click();
});

test('a missing driver is offered under the cell', async ({ page }) => {
  await openLab(page);
  await send(page, '/mage/api/projects', 'POST', { path: 'driverless' });
  await send(page, '/mage/api/projects/driverless/pipelines', 'POST', {
    name: 'snow'
  });
  const made = (await (
    await page.request.get('/mage/api/projects/driverless/pipelines/snow')
  ).json()) as { etag: string };
  await page.evaluate(async etag => {
    const token = document.cookie.match(/_xsrf=([^;]+)/)?.[1] ?? '';
    await fetch('/mage/api/projects/driverless/pipelines/snow/blocks', {
      method: 'POST',
      headers: {
        'X-XSRFToken': token,
        'Content-Type': 'application/json',
        'If-Match': etag
      },
      body: JSON.stringify({
        name: 'load',
        type: 'data_loader',
        source:
          'from mage_ai.io.snowflake import Snowflake\n\n@data_loader\ndef load(*args, **kwargs):\n' +
          "    with Snowflake(account='a', user='u') as loader:\n        return loader.load('select 1')\n"
      })
    });
  }, made.etag);
  await openPipeline(page, 'mage:driverless/snow.ipynb');
  await page.locator('.jp-NotebookPanel-toolbar').getByText('Run all').click();
  const bar = page.locator('.mage-ErrorBar');
  await expect(bar).toContainText('snowflake-connector-python');
  await bar.getByRole('button', { name: /^Install snowflake/ }).click();
  const dialog = page.locator('.jp-Dialog');
  await expect(dialog).toContainText(
    "-m pip install 'snowflake-connector-python[pandas]'"
  );
  await dialog.getByRole('button', { name: 'Cancel' }).click();
});

test('the connection of a SQL block is tried from its settings', async ({
  page
}) => {
  await openLab(page);
  await send(page, '/mage/api/projects', 'POST', { path: 'queries' });
  await send(page, '/mage/api/projects/queries/pipelines', 'POST', {
    name: 'ask'
  });
  await send(page, '/api/contents/queries/io_config.yaml', 'PUT', {
    type: 'file',
    format: 'text',
    content: 'shop:\n  SQLITE_DATABASE: no-such-file.db\n'
  });
  await page.evaluate(async () => {
    const token = document.cookie.match(/_xsrf=([^;]+)/)?.[1] ?? '';
    await fetch('/mage/api/projects/queries/pipelines/ask/blocks', {
      method: 'POST',
      headers: {
        'X-XSRFToken': token,
        'Content-Type': 'application/json',
        'If-Match': '*'
      },
      body: JSON.stringify({
        name: 'rows',
        type: 'data_loader',
        language: 'sql',
        source: 'SELECT 1',
        configuration: {
          data_provider: 'sqlite',
          data_provider_profile: 'shop'
        }
      })
    });
  });
  await openPipeline(page, 'mage:queries/ask.ipynb');
  const settings = execute(page, 'mage:block-settings', {
    path: 'mage:queries/ask.ipynb',
    block: 'rows'
  });
  const dialog = page.locator('.jp-Dialog');
  await dialog
    .getByRole('button', { name: 'Test the connection “shop”' })
    .click();
  await expect(dialog.locator('.mage-Connection-trial')).toContainText(
    'no-such-file.db yet'
  );
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await settings;
});
