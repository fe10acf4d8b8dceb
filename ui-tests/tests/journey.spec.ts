import { expect, test } from '@playwright/test';
import type { Locator, Page } from '@playwright/test';

import { execute, openLab } from './lab';

/**
 * The whole path a newcomer takes: make a pipeline, write its blocks, run it,
 * look at the data, connect on the canvas, schedule it, leave, come back.
 */

const LOAD = `import pandas as pd


@data_loader
def load(*args, **kwargs):
    return pd.DataFrame({'city': ['Oslo', 'Bergen', 'Tromsø'], 'people': [709, 291, 78]})
`;

const DOUBLE = `@transformer
def double(cities, *args, **kwargs):
    print('doubling', len(cities), 'cities')
    return cities.assign(twice=cities['people'] * 2)


@test
def test_twice(output, *args):
    assert (output['twice'] == output['people'] * 2).all()
`;

const EXPORT = `from pathlib import Path


@data_exporter
def export(cities, *args, **kwargs):
    Path('cities.csv').write_text(cities.to_csv(index=False))
`;

interface IRunSummary {
  id: string;
  state: string;
  kind: string;
  pipeline: string;
}

async function runsOf(page: Page, pipeline: string): Promise<IRunSummary[]> {
  const answer = await page.request.get(
    `/mage/api/runs?project=blank&pipeline=${pipeline}`
  );
  expect(answer.ok()).toBe(true);
  return (await answer.json()).items;
}

async function write(page: Page, cell: Locator, code: string): Promise<void> {
  await cell.locator('.cm-content').click();
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText(code);
}

async function addBlock(
  page: Page,
  type: string,
  expected: number
): Promise<Locator> {
  await page
    .locator('.mage-AddBar')
    .last()
    .getByRole('button', { name: type })
    .click();
  await page.locator('.lm-Menu-item').first().click();
  const cells = page.locator('.jp-Notebook .mage-Cell');
  await expect(cells).toHaveCount(expected);
  return cells.last();
}

test('make, write, run, see, connect, schedule, leave and come back', async ({
  page,
  context
}) => {
  test.setTimeout(420000);
  await openLab(page, { sidebar: true });

  // A pipeline in the empty project.
  await page
    .getByRole('treeitem', { name: /^blank/ })
    .click({ button: 'right' });
  await page.getByRole('menuitem', { name: /New pipeline/i }).click();
  await page.locator('.jp-Dialog input').first().fill('cities');
  await page.locator('.jp-Dialog .jp-mod-accept').click();
  await page.locator('.mage-AddBar-words').waitFor();

  // Three blocks with code.
  await write(page, await addBlock(page, 'loader', 1), LOAD);
  await write(page, await addBlock(page, 'transformer', 2), DOUBLE);
  await write(page, await addBlock(page, 'exporter', 3), EXPORT);

  // The canvas shows them; whatever is not connected yet gets connected there.
  await execute(page, 'mage:open-canvas');
  const nodes = page.locator('.mage-Canvas .react-flow__node');
  await expect(nodes).toHaveCount(3);
  const edges = page.locator('.mage-Canvas .react-flow__edge');
  // Each block was connected to the one it was added after: take one line
  // away and draw it again.
  await expect(edges).toHaveCount(2);
  await edges.last().click({ force: true });
  await page.keyboard.press('Delete');
  await expect(edges).toHaveCount(1);
  await nodes
    .nth(1)
    .locator('.react-flow__handle-bottom')
    .dragTo(nodes.nth(2).locator('.react-flow__handle-top'));
  await expect(edges).toHaveCount(2);

  // Run all; every block says it is done and the table is there, whole.
  await page.locator('.jp-NotebookPanel-toolbar').getByText('Run all').click();
  const headers = page.locator('.mage-BlockHeader');
  for (let index = 0; index < 3; index++) {
    await expect(headers.nth(index).getByRole('group').first()).toHaveAttribute(
      'aria-label',
      /done/,
      { timeout: 60000 }
    );
  }
  await expect(headers.nth(1)).toContainText('3 × 3');
  await expect(page.locator('.jp-Notebook .lm-DataGrid').first()).toBeVisible();
  await expect(page.locator('.jp-Notebook')).toContainText('1 test passed');
  // Nothing was saved yet, and nothing is said to be gone.
  await expect(page.locator('.jp-Notebook')).not.toContainText(
    'no longer there'
  );

  // Save: the files are Mage's.
  await page.keyboard.press('Control+s');
  await expect(page.locator('.jp-mod-dirty')).toHaveCount(0);
  const saved = await page.request.get(
    '/mage/api/projects/blank/pipelines/cities'
  );
  const blocks = (await saved.json()).blocks;
  expect(
    blocks.map((block: { upstream: string[] }) => block.upstream.length)
  ).toEqual([0, 1, 1]);
  expect(blocks[1].source).toContain("cities['people'] * 2");

  // A schedule for every minute.
  await page.locator('.mage-Toolbar-trigger').click();
  const form = page.locator('.mage-TriggerForm');
  await form.getByRole('textbox').first().fill('every minute');
  await form.getByLabel('Cron expression').fill('* * * * *');
  await expect(form).toContainText('Every minute');
  await form.getByRole('button', { name: 'Create the trigger' }).click();
  await expect(form).toHaveCount(0);

  // Leave; the schedule goes on.
  await page.close();
  const outside = await context.newPage();
  await expect
    .poll(
      async () =>
        (await runsOf(outside, 'cities')).filter(
          run => run.kind === 'schedule' && run.state === 'completed'
        ).length,
      { timeout: 200000, intervals: [2000] }
    )
    .toBeGreaterThanOrEqual(2);

  // Come back: both runs are listed, their data can be looked at.
  await openLab(outside, { sidebar: true, reset: false });
  const recent = outside.locator('#mage-sidebar [data-kind="run"]');
  await expect.poll(() => recent.count()).toBeGreaterThanOrEqual(2);
  await recent.last().click();
  const run = outside.locator('.mage-Run');
  await expect(run).toContainText('done');
  await run.getByRole('tab', { name: 'Products' }).click();
  await expect(run).toContainText('3 × 3');

  // The notebook still shows what it showed.
  await execute(outside, 'docmanager:open', {
    path: 'mage:blank/cities.ipynb',
    factory: 'Notebook'
  });
  await expect(outside.locator('.jp-Notebook')).toContainText('1 test passed');
  await expect(
    outside.locator('.jp-Notebook .lm-DataGrid').first()
  ).toBeVisible();
  await expect(outside.locator('.jp-mod-dirty')).toHaveCount(0);

  // Quiet again, for the tests that follow.
  const triggers = await (
    await outside.request.get('/mage/api/triggers')
  ).json();
  expect(triggers.items).toHaveLength(1);
  await outside.evaluate(async id => {
    const token = document.cookie.match(/_xsrf=([^;]+)/)?.[1] ?? '';
    await fetch(`/mage/api/triggers/${id}`, {
      method: 'DELETE',
      headers: { 'X-XSRFToken': token }
    });
  }, triggers.items[0].id);
});
