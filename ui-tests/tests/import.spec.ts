import { expect, test } from '@playwright/test';

import { execute, openLab, stateOf } from './lab';

const CELLS = [
  ['markdown', '# Birds'],
  ['code', 'import pandas as pd\n%matplotlib inline'],
  ['markdown', '## Load'],
  [
    'code',
    "birds = pd.DataFrame({'kind': ['a', 'b', 'a'], 'mass': [1, 2, 3]})"
  ],
  ['markdown', '## Weigh'],
  ['code', "birds['heavy'] = birds['mass'] > 1"],
  ['markdown', '## Count'],
  [
    'code',
    "counted = birds.groupby('kind')['heavy'].sum().reset_index()\ncounted"
  ]
];

test('a notebook of the file browser becomes a pipeline that runs', async ({
  page
}) => {
  await openLab(page);
  const save = (path: string, body: object): Promise<unknown> =>
    page.evaluate(
      async ([to, what]) => {
        const token = document.cookie.match(/_xsrf=([^;]+)/)?.[1] ?? '';
        const answer = await fetch(`/api/contents/${to as string}`, {
          method: 'PUT',
          headers: { 'X-XSRFToken': token, 'Content-Type': 'application/json' },
          body: JSON.stringify(what)
        });
        return answer.status;
      },
      [path, body] as const
    );
  await save('birds.ipynb', {
    type: 'notebook',
    format: 'json',
    content: {
      nbformat: 4,
      nbformat_minor: 5,
      metadata: {},
      cells: CELLS.map(([kind, source], index) => ({
        id: `c${index}`,
        cell_type: kind,
        metadata: {},
        source,
        ...(kind === 'code' ? { outputs: [], execution_count: null } : {})
      }))
    }
  });
  await execute(page, 'filebrowser:activate');
  await execute(page, 'filebrowser:refresh');
  const item = page.locator('.jp-DirListing-item', { hasText: 'birds.ipynb' });
  await item.click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Import as a Pipeline…' }).click();
  const dialog = page.locator('.jp-Dialog');
  if (await dialog.getByText('Project', { exact: true }).isVisible()) {
    await dialog.locator('select').selectOption('blank');
    await dialog.getByRole('button', { name: 'Ok' }).click();
  }

  // What would be made is shown, with what works in another way.
  const blocks = dialog.locator('.mage-Import-blocks > li');
  await expect(blocks).toHaveCount(4);
  await expect(blocks.nth(0)).toContainText('No block');
  await expect(blocks.nth(0)).toContainText('%matplotlib inline');
  await expect(blocks.nth(2)).toContainText('After Load (takes birds)');
  await expect(blocks.nth(2)).toContainText('changed in place');
  await blocks.nth(3).getByText('Code').click();
  await expect(blocks.nth(3).locator('pre')).toContainText(
    'def count(birds, *args, **kwargs):'
  );

  // It can be changed; the code follows.
  await blocks.nth(3).getByLabel('Name of Count').fill('Count them');
  await blocks.nth(3).getByLabel('Type of Count').selectOption('custom');
  await expect(blocks.nth(3).locator('pre')).toContainText('@custom');
  await expect(blocks.nth(3).locator('pre')).toContainText('def count_them(');
  // A name that cannot be used is said, and nothing typed is lost.
  await dialog.getByLabel('Name of the pipeline').fill('..');
  await dialog.getByRole('button', { name: 'Create the pipeline' }).click();
  await expect(dialog.getByRole('alert')).toContainText('cannot be used');
  await expect(blocks.nth(3).getByLabel(/^Name of/)).toHaveValue('Count them');
  await dialog.getByLabel('Name of the pipeline').fill('weighed birds');
  await dialog.getByRole('button', { name: 'Create the pipeline' }).click();

  await page.locator('.mage-BlockHeader').first().waitFor();
  await page.locator('.jp-NotebookPanel-toolbar').getByText('Run all').click();
  for (let index = 0; index < 3; index++) {
    await expect(
      stateOf(page, index).and(page.locator('[aria-label*="done"]'))
    ).toBeVisible();
  }
  await expect(page.locator('.mage-BlockHeader').nth(2)).toContainText('2 × 2');
});

test('a notebook that is damaged is refused with a sentence', async ({
  page
}) => {
  await openLab(page);
  await page.evaluate(async () => {
    const token = document.cookie.match(/_xsrf=([^;]+)/)?.[1] ?? '';
    await fetch('/api/contents/broken.ipynb', {
      method: 'PUT',
      headers: { 'X-XSRFToken': token, 'Content-Type': 'application/json' },
      body: JSON.stringify({
        type: 'file',
        format: 'text',
        content: '{"cells": ['
      })
    });
  });
  const asked = execute(page, 'mage:import-notebook', {
    project: 'blank',
    path: 'broken.ipynb'
  });
  const dialog = page.locator('.jp-Dialog');
  await expect(dialog.getByRole('alert')).toContainText('no Jupyter notebook');
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await asked;
});

test('the notebook to import may lie in any folder', async ({ page }) => {
  await openLab(page);
  const asked = execute(page, 'mage:import-notebook', { project: 'blank' });
  const dialog = page.locator('.jp-Dialog');
  const folder = dialog.locator('.jp-DirListing-item', { hasText: 'penguins' });
  await folder.dblclick();
  await expect(
    dialog.locator('.jp-DirListing-item', { hasText: 'pipelines' })
  ).toBeVisible();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await asked;
});
