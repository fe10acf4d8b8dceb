import { expect, test } from '@playwright/test';
import type { Page } from '@playwright/test';

import { execute, openLab, openPipeline, stateOf } from './lab';

async function send(
  page: Page,
  path: string,
  body: object
): Promise<{ id: string; slug: string }> {
  return page.evaluate(
    async ([url, content]) => {
      const token = document.cookie.match(/_xsrf=([^;]+)/)?.[1] ?? '';
      const answer = await fetch(`/mage/api/${url}`, {
        method: 'POST',
        headers: { 'X-XSRFToken': token, 'Content-Type': 'application/json' },
        body: JSON.stringify(content)
      });
      if (!answer.ok) {
        throw new Error(await answer.text());
      }
      return answer.json();
    },
    [path, body] as const
  );
}

test('outputs, previews, history and triggers follow new names', async ({
  page
}) => {
  await openLab(page, { sidebar: true });
  await send(page, 'projects/penguins/pipelines', {
    name: 'birds',
    copy_of: 'penguins'
  });
  await send(page, 'triggers', {
    project: 'penguins',
    pipeline: 'birds',
    name: 'at noon',
    schedule: '0 12 * * *'
  });
  const run = await send(page, 'runs', {
    project: 'penguins',
    pipeline: 'birds'
  });
  await openPipeline(page, 'mage:penguins/birds.ipynb');
  await page.locator('.jp-NotebookPanel-toolbar').getByText('Run all').click();
  for (let index = 0; index < 4; index++) {
    await expect(stateOf(page, index)).toHaveAttribute('aria-label', /done/);
  }

  // The pipeline, from the sidebar, with its notebook open.
  const renamed = execute(page, 'mage:rename-pipeline', {
    project: 'penguins',
    pipeline: 'birds'
  });
  await page.locator('.jp-Dialog input').fill('fledglings');
  await page.locator('.jp-Dialog .jp-mod-accept').click();
  await renamed;
  await expect(
    page.locator('#mage-sidebar').getByText('fledglings').first()
  ).toBeVisible();
  await openPipeline(page, 'mage:penguins/fledglings.ipynb');
  const notebook = page.locator('.jp-NotebookPanel:not(.lm-mod-hidden)');
  await expect(notebook.locator('.mage-BlockHeader').first()).toContainText(
    '344 × 8'
  );
  await expect(notebook.locator('.lm-DataGrid').first()).toBeVisible();
  await expect(notebook.locator('.mage-Table-count').first()).toContainText(
    '344'
  );

  // One of its blocks; saving renames the file.
  await notebook.locator('.mage-Header-name').first().dblclick();
  await page.getByRole('textbox', { name: /New name/ }).fill('Count birds');
  await page.keyboard.press('Enter');
  const all = page.locator('.jp-Dialog .jp-mod-accept');
  // The copy shares its blocks with the example: it asks.
  await expect(page.locator('.jp-Dialog')).toContainText('penguins');
  await all.click();
  await page.keyboard.press('Control+s');
  await expect(page.locator('.jp-mod-dirty')).toHaveCount(0);
  await expect(notebook.locator('.mage-Header').first()).toHaveAttribute(
    'aria-label',
    /Count birds, Data loader, (done|stale)/
  );
  await expect(notebook.locator('.mage-Chip-name').first()).toContainText(
    'Count birds'
  );

  // A fresh page has it all.
  await openLab(page, { sidebar: true });
  await openPipeline(page, 'mage:penguins/fledglings.ipynb');
  await expect(page.locator('.mage-BlockHeader').first()).toContainText(
    'Count birds'
  );
  await expect(page.locator('.mage-BlockHeader').first()).toContainText(
    '344 × 8'
  );
  await expect(page.locator('.mage-Table-count').first()).toContainText('344');
  const triggers = await (
    await page.request.get('/mage/api/triggers?project=penguins')
  ).json();
  expect(
    triggers.items.map((item: { pipeline: string }) => item.pipeline)
  ).toEqual(['fledglings']);
  await execute(page, 'mage:open-run', { run: run.id, tab: 'products' });
  const old = page.locator('.mage-Run');
  await expect(old.locator('h2')).toHaveText('fledglings');
  await expect(old).toContainText(/count.birds/i);
  await old.getByRole('button', { name: 'output_0' }).first().click();
  await expect(page.locator('.mage-Table-count:visible').last()).toContainText(
    '344'
  );
  await page.locator('.mage-Run').waitFor({ state: 'attached' });
  await execute(page, 'mage:open-run', { run: run.id, tab: 'notebook' });
  await old.getByRole('tab', { name: 'Notebook' }).click();
  await expect(old.locator('.mage-RunBook-cell').first()).toContainText(
    'load_penguins'
  );

  // As it was, for the tests that follow.
  await page.evaluate(async trigger => {
    const token = document.cookie.match(/_xsrf=([^;]+)/)?.[1] ?? '';
    const headers = { 'X-XSRFToken': token };
    await fetch(`/mage/api/triggers/${trigger}`, { method: 'DELETE', headers });
    const url = '/mage/api/projects/penguins/pipelines/fledglings';
    await fetch(url, {
      method: 'DELETE',
      headers: { ...headers, 'If-Match': '*' }
    });
    await fetch(
      `/mage/api/projects/penguins/pipelines/penguins/blocks/count_birds`,
      {
        method: 'PATCH',
        headers: {
          ...headers,
          'If-Match': '*',
          'Content-Type': 'application/json'
        },
        body: JSON.stringify({ name: 'Load penguins' })
      }
    );
  }, triggers.items[0].id);
});
