import { expect, type Locator, type Page, test } from '@playwright/test';

import { execute, openLab, openPipeline } from './lab';

const PATH = 'mage:templated/pond.ipynb';

/** Pictures for a look, in both themes and widths: SHOTS=folder. */
async function shot(page: Page, name: string): Promise<void> {
  if (!process.env.SHOTS) {
    return;
  }
  for (const theme of ['Light', 'Dark']) {
    await execute(page, 'apputils:change-theme', {
      theme: `JupyterLab ${theme}`
    });
    for (const width of [1440, 1024]) {
      await page.setViewportSize({ width, height: 900 });
      await page.waitForTimeout(400);
      await page.screenshot({
        path: `${process.env.SHOTS}/${name}-${theme}-${width}.png`
      });
    }
  }
  await page.setViewportSize({ width: 1440, height: 900 });
}

function dialog(page: Page): Locator {
  return page.locator('.jp-Dialog');
}

async function saveBlock(page: Page, block: string): Promise<void> {
  const header = page
    .locator('.mage-Header')
    .filter({ has: page.getByText(block, { exact: true }) })
    .first();
  await header.getByRole('button', { name: `More about “${block}”` }).click();
  await page
    .locator('.lm-Menu-itemLabel', { hasText: 'Save as template…' })
    .click();
  await expect(dialog(page).getByRole('textbox').first()).toBeFocused();
}

async function openAddMenu(page: Page, type: string): Promise<void> {
  const bar = page.locator('.mage-AddBar').last();
  await bar.scrollIntoViewIfNeeded();
  await bar.hover();
  await bar.getByRole('button', { name: 'more' }).click();
  await page
    .locator('.lm-Menu-itemLabel')
    .getByText(type, { exact: true })
    .hover();
}

function entry(page: Page, name: string): Locator {
  return page.locator('.lm-Menu-itemLabel').getByText(name, { exact: true });
}

test('a block is saved as a template and made again from it', async ({
  page
}) => {
  await openLab(page);
  await openPipeline(page, PATH);
  await saveBlock(page, 'Clean ducks');
  await expect(dialog(page).getByLabel('Name of the template')).toHaveValue(
    'Clean ducks'
  );
  await dialog(page).getByLabel('Name of the template').fill('Clean it');
  await dialog(page).getByLabel('Description').fill('Leaves gaps out');
  await shot(page, 'save');
  await page.keyboard.press('Enter');
  await expect(page.getByText('“Clean it” is offered')).toBeVisible();

  // A name that is taken is said in the dialog, which keeps what was typed.
  await saveBlock(page, 'Clean ducks');
  await dialog(page).getByLabel('Name of the template').fill('Clean it');
  await dialog(page).getByLabel('Description').fill('Again');
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  await expect(dialog(page).getByRole('alert')).toContainText(
    "already a template 'clean_it'"
  );
  await expect(dialog(page).getByLabel('Description')).toHaveValue('Again');
  await shot(page, 'taken');
  await dialog(page).getByRole('button', { name: 'Cancel' }).click();

  const before = await page.locator('.mage-BlockHeader').count();
  await openAddMenu(page, 'Transformer');
  await expect(entry(page, 'Clean it')).toBeVisible();
  await shot(page, 'choose');
  await entry(page, 'Clean it').click();
  await expect(page.locator('.mage-BlockHeader')).toHaveCount(before + 1);
  const made = page.locator('.jp-Notebook-cell').nth(before);
  await expect(made.locator('.cm-content')).toContainText('def clean_ducks');
});

test('notes that were saved as templates are offered, too', async ({
  page
}) => {
  await openLab(page);
  await openPipeline(page, PATH);
  await openAddMenu(page, 'Scratchpad');
  const count = (await page.locator('.mage-BlockHeader').count()) + 1;
  await page.locator('.lm-Menu').last().getByText('Python').click();
  await expect(page.locator('.mage-BlockHeader')).toHaveCount(count);
  const cell = page.locator('.jp-Notebook-cell').nth(count - 1);
  await cell.locator('.cm-content').click();
  await page.keyboard.insertText('usual = 1');
  const name = await page
    .locator('.mage-Header-name')
    .nth(count - 1)
    .innerText();
  await saveBlock(page, name);
  await dialog(page).getByLabel('Name of the template').fill('My draft');
  await page.keyboard.press('Enter');
  await expect(page.getByText('“My draft” is offered')).toBeVisible();
  await openAddMenu(page, 'Scratchpad');
  await entry(page, 'My draft').click();
  await expect(page.locator('.mage-BlockHeader')).toHaveCount(count + 1);
  await expect(
    page.locator('.jp-Notebook-cell').nth(count).locator('.cm-content')
  ).toContainText('usual = 1');
});

test('a pipeline is saved as a template and made again from it', async ({
  page
}) => {
  await openLab(page, { sidebar: true });
  const saving = execute(page, 'mage:save-pipeline-template', {
    project: 'templated',
    pipeline: 'pond'
  });
  await dialog(page).getByLabel('Name of the template').fill('The usual');
  await shot(page, 'save-pipeline');
  await page.keyboard.press('Enter');
  await saving;
  await expect(page.getByText('“The usual” is offered')).toBeVisible();

  const making = execute(page, 'mage:new-pipeline', { project: 'templated' });
  await dialog(page).getByLabel('Name').fill('from the usual');
  await dialog(page)
    .getByLabel('Begin with')
    .selectOption({ label: 'the template “The usual”' });
  await shot(page, 'choose-pipeline');
  await dialog(page).getByRole('button', { name: 'Create' }).click();
  await making;
  await expect(page.locator('.mage-Header-name').first()).toHaveText(
    'Load ducks'
  );
  await expect(
    page.locator('.lm-TabBar-tabLabel', { hasText: 'from_the_usual' }).first()
  ).toBeVisible();
});
