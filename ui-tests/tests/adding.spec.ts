import { expect, test } from '@playwright/test';
import type { Page } from '@playwright/test';

import { execute, openLab, openPipeline, stateOf } from './lab';

async function makePipeline(page: Page, name: string): Promise<string> {
  const path = `mage:blank/${name}.ipynb`;
  await openLab(page);
  await page.request.post('/mage/api/projects/blank/pipelines', {
    data: { name },
    headers: { 'X-XSRFToken': await token(page) }
  });
  await execute(page, 'docmanager:open', { path, factory: 'Notebook' });
  await page.getByText('This pipeline has no block yet').first().waitFor();
  return path;
}

async function token(page: Page): Promise<string> {
  const cookies = await page.context().cookies();
  return cookies.find(cookie => cookie.name === '_xsrf')?.value ?? '';
}

test('a new block takes what stands above it, also below a chart or a note', async ({
  page
}) => {
  const path = await makePipeline(page, 'stacked');
  const headers = page.locator('.mage-Header');
  for (const type of [
    'data_loader',
    'chart',
    'conditional',
    'markdown',
    'transformer'
  ]) {
    const count = await headers.count();
    await execute(page, 'mage:add-block', { path, type });
    await expect(headers).toHaveCount(count + 1);
  }
  for (const index of [1, 2, 4]) {
    await expect(headers.nth(index).locator('.mage-Chip-name')).toContainText(
      'stacked_load'
    );
  }

  // What is attached stays below its block when the pipeline is opened again.
  await execute(page, 'docmanager:save');
  await expect(page.locator('.jp-mod-dirty')).toHaveCount(0);
  await execute(page, 'application:close');
  await openPipeline(page, path);
  const icons = page.locator('.mage-Header-icon');
  await expect(icons).toHaveCount(5);
  expect(
    await icons.evaluateAll(nodes =>
      nodes.map(node => node.getAttribute('title'))
    )
  ).toEqual(['Data loader', 'Conditional', 'Chart', 'Markdown', 'Transformer']);
});

test('menus show what has a menu of its own and give the focus back', async ({
  page
}) => {
  await openLab(page);
  await openPipeline(page, 'mage:penguins/penguins.ipynb');
  const canvas = page.locator('.mage-Canvas .mage-Graph-keys');
  await canvas.focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Shift+F10');
  await expect(page.locator('.lm-Menu')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(canvas).toBeFocused();

  await page
    .locator('.jp-NotebookPanel-toolbar')
    .getByText('Block', { exact: true })
    .click();
  const item = page.locator('.lm-Menu-item', { hasText: 'Transformer' });
  await expect(item.locator('.lm-Menu-itemSubmenuIcon svg')).toBeVisible();
});

test('a block without code says what it lacks', async ({ page }) => {
  const path = await makePipeline(page, 'hollow');
  await execute(page, 'mage:add-block', { path, type: 'data_loader' });
  await page.locator('.jp-Notebook .cm-content').first().click();
  await page.keyboard.press('Control+a');
  await page.keyboard.press('Delete');
  const run = (name: string): Promise<void> =>
    page.getByRole('button', { name: `Run “${name}”`, exact: true }).click();
  await run('hollow_load');
  await expect(stateOf(page, 0)).toHaveAttribute('aria-label', /failed/);
  await expect(page.locator('.mage-Error')).toContainText(
    'has no function with @data_loader'
  );
  await execute(page, 'mage:add-block', { path, type: 'transformer' });
  await expect(page.locator('.mage-BlockHeader')).toHaveCount(2);
  await run('hollow_transform');
  const error = page.locator('.mage-Error').nth(1);
  await expect(error).toContainText('needs the output of block');
  await expect(error.getByText('Run with its upstream')).toBeVisible();
});

test('a file that something else wrote is shown without being asked for', async ({
  page
}) => {
  await openLab(page);
  await openPipeline(page, 'mage:charted/charted.ipynb');
  const notebook = page.locator('.jp-Notebook');
  await expect(notebook).toContainText("'n': [1, 2]");
  // Other tests run this block, too: it goes on doing the same.
  const answer = await page.request.put(
    '/api/contents/charted/data_loaders/numbers.py',
    {
      data: {
        type: 'file',
        format: 'text',
        content:
          'import pandas as pd\n\n\n@data_loader\ndef load(*args, **kwargs):\n' +
          "    return pd.DataFrame({'a': ['x', 'y'], 'n': [1, 2]})  # 12321\n"
      },
      headers: { 'X-XSRFToken': await token(page) }
    }
  );
  expect(answer.ok()).toBe(true);
  await expect(notebook).toContainText('12321');
});

test('the overview of a graph is there only while a part is out of sight', async ({
  page
}) => {
  const path = await makePipeline(page, 'many');
  const headers = page.locator('.react-flow__node');
  for (let index = 0; index < 11; index++) {
    await execute(page, 'mage:add-block', { path, type: 'custom' });
    await expect(headers).toHaveCount(index + 1);
  }
  const canvas = page.locator('.mage-Canvas');
  const overview = canvas.locator('.react-flow__minimap');
  await canvas.getByText('Fit', { exact: true }).click();
  await expect(overview).toHaveCount(0);
  await canvas.locator('.mage-Graph-keys').focus();
  for (let times = 0; times < 8; times++) {
    await page.keyboard.press('+');
  }
  await expect(overview).toBeVisible();
});

test('a callback of two blocks is seen to belong to both', async ({ page }) => {
  const path = await makePipeline(page, 'called');
  const headers = page.locator('.mage-Header');
  for (const [index, type] of ['data_loader', 'custom', 'callback'].entries()) {
    await execute(page, 'mage:add-block', { path, type });
    await expect(headers).toHaveCount(index + 1);
  }
  const lines = page.locator('.mage-Canvas .react-flow__edge');
  await expect(lines).toHaveCount(1);
  await page
    .getByRole('button', { name: 'Connect “called_callback” to a block' })
    .click();
  await page.locator('.lm-Menu-item', { hasText: 'called_load' }).click();
  await expect(lines).toHaveCount(2);
});

test('a condition and a callback can be tried where they stand', async ({
  page
}) => {
  const path = await makePipeline(page, 'tried');
  const headers = page.locator('.mage-Header');
  const outputs = page.locator('.jp-Cell').locator('.jp-OutputArea');
  for (const [index, type] of [
    'data_loader',
    'conditional',
    'callback'
  ].entries()) {
    await execute(page, 'mage:add-block', { path, type });
    await expect(headers).toHaveCount(index + 1);
  }
  const write = async (index: number, code: string): Promise<void> => {
    await page.locator('.jp-Cell .cm-content').nth(index).click();
    await page.keyboard.press('Control+a');
    await page.keyboard.insertText(code);
  };
  await write(0, '@data_loader\ndef load(*args, **kwargs):\n    return "two"');
  await write(1, '@condition\ndef ask(*args, **kwargs):\n    return False');
  await write(
    2,
    '@callback("success")\ndef tell(data, **kwargs):\n    print("told", data)'
  );
  for (const [index, words] of [
    [2, "run 'tried_load' first"],
    [0, 'two'],
    [1, "'tried_load' would be skipped."],
    [2, 'told two']
  ] as const) {
    await page.locator('.jp-Cell .cm-content').nth(index).click();
    await page.keyboard.press('Shift+Enter');
    await expect(outputs.nth(index)).toContainText(words);
  }
});

test('the canvas offers templates and languages, too', async ({ page }) => {
  await makePipeline(page, 'drawn');
  await page
    .locator('.mage-Canvas')
    .getByRole('button', { name: 'Data loader' })
    .click();
  const card = page.locator('.mage-Canvas .react-flow__node');
  await card.click();
  await page.keyboard.press('a');
  await page.locator('.lm-Menu-item', { hasText: 'Transformer' }).hover();
  await page.locator('.lm-Menu-item', { hasText: 'SQL' }).hover();
  await page
    .locator('.lm-Menu-item', { hasText: 'SQL on the data above' })
    .click();
  const added = page.locator('.mage-Header').nth(1);
  await expect(added).toContainText('SQL');
  await expect(added.locator('.mage-Chip-name')).toContainText('drawn_load');
});

test('what a header menu did is undone by Z at once', async ({ page }) => {
  await openLab(page);
  await openPipeline(page, 'mage:templated/pond.ipynb');
  const headers = page.locator('.mage-Header');
  await expect(headers).toHaveCount(2);
  const more = page.getByRole('button', { name: 'More about “Clean ducks”' });
  await more.click();
  // Who wanted nothing goes on where the menu was opened.
  await page.keyboard.press('Escape');
  await expect(more).toBeFocused();
  await more.click();
  await page.locator('.lm-Menu-item', { hasText: 'Replicate' }).click();
  await expect(headers).toHaveCount(3);
  await expect(page.locator('.jp-Cell.jp-mod-active')).toBeFocused();
  await page.keyboard.press('z');
  await expect(headers).toHaveCount(2);
});
