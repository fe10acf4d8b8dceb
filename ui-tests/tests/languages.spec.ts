import { expect, type Locator, type Page, test } from '@playwright/test';

import { execute, openLab, openPipeline, stateOf } from './lab';

const PATH = 'mage:babel/tongues.ipynb';

function cell(page: Page, index: number): Locator {
  return page.locator('.jp-Notebook-cell').nth(index);
}

/** The words of a cell that are shown as keywords of its language. */
function keywords(page: Page, index: number): Locator {
  return cell(page, index).locator('.cm-line span[class]');
}

async function completions(page: Page): Promise<string[]> {
  const names = page.locator('.jp-Completer .jp-Completer-match');
  await expect(names.first()).toBeVisible();
  return names.allInnerTexts();
}

/** Write a text into a cell and ask what fits between its two halves. */
async function complete(
  page: Page,
  index: number,
  before: string,
  after = ''
): Promise<string[]> {
  await cell(page, index).locator('.cm-content').click();
  await page.keyboard.press('Control+A');
  await page.keyboard.insertText(before + after);
  for (let number = 0; number < after.length; number++) {
    await page.keyboard.press('ArrowLeft');
  }
  await page.keyboard.press('Tab');
  const found = await completions(page);
  await page.keyboard.press('Escape');
  return found;
}

async function shot(page: Page, name: string): Promise<void> {
  if (process.env.MAGE_SCREENS) {
    const path = `${process.env.MAGE_SCREENS}/${name}`;
    await page.screenshot({ path: `${path}-dark.png` });
    await page.setViewportSize({ width: 1024, height: 800 });
    await execute(page, 'apputils:change-theme', {
      theme: 'JupyterLab Light'
    });
    await page.screenshot({ path: `${path}-light.png` });
    await page.setViewportSize({ width: 1440, height: 900 });
  }
}

async function changeKernel(page: Page, name: string): Promise<void> {
  await page.evaluate(async kernel => {
    const { jupyterapp } = window as unknown as {
      jupyterapp: {
        shell: {
          currentWidget: {
            context: {
              sessionContext: {
                changeKernel: (model: object) => Promise<unknown>;
                ready: Promise<void>;
              };
            };
          };
        };
      };
    };
    const session = jupyterapp.shell.currentWidget.context.sessionContext;
    await session.changeKernel({ name: kernel });
  }, name);
}

async function expectColours(page: Page): Promise<void> {
  await expect(keywords(page, 1).filter({ hasText: /^SELECT$/ })).toHaveCount(
    1
  );
  await expect(keywords(page, 2).filter({ hasText: /^function$/ })).toHaveCount(
    1
  );
}

test('blocks are coloured in their language, whatever the kernel, and run', async ({
  page
}) => {
  await openLab(page);
  await openPipeline(page, PATH);
  await expectColours(page);
  await execute(page, 'mage:run-from-here', { path: PATH, block: 'load' });
  await expect(stateOf(page, 2)).toHaveAttribute('aria-label', /done/, {
    timeout: 90000
  });
  await expect(cell(page, 1).locator('.jp-OutputArea')).toContainText(
    'FROM df_1'
  );
  await expect(cell(page, 2).locator('.jp-OutputArea img')).toBeVisible();
  await cell(page, 2).scrollIntoViewIfNeeded();
  await shot(page, 'languages');
  await changeKernel(page, 'bash');
  await expectColours(page);
  await changeKernel(page, 'python3');
  await expectColours(page);
});

test('tables and columns are completed', async ({ page }) => {
  await openLab(page);
  await openPipeline(page, PATH);
  await execute(page, 'mage:run-block', { path: PATH, block: 'load' });
  await expect(stateOf(page, 0)).toHaveAttribute('aria-label', /done/);
  const columns = await complete(page, 1, 'SELECT x.', '\nFROM {{ df_1 }} x');
  expect(columns).toEqual(['species', 'mass']);
  await shot(page, 'completion');
  const both = await complete(page, 1, 'SELECT s', '\nFROM load');
  expect(both).toEqual(expect.arrayContaining(['species', 'select', 'sum']));
  expect(both.filter(name => name.startsWith('%'))).toEqual([]);

  // The database is asked in the kernel; until it has answered there are keywords.
  await expect(async () => {
    const found = await complete(page, 3, 'SELECT * FROM p');
    expect(found).toContain('people');
  }).toPass({ timeout: 30000 });
  const people = await complete(page, 3, 'SELECT p.', ' FROM people AS p');
  expect(people).toEqual(['id', 'full_name']);
});

test('a block in the language of another kernel', async ({ page }) => {
  await openLab(page);
  await openPipeline(page, PATH);
  await cell(page, 3).hover();
  await cell(page, 3)
    .locator('.mage-AddBar-button', { hasText: 'more' })
    .click();
  const menu = page.locator('.lm-Menu');
  await menu.getByText('Scratchpad', { exact: true }).hover();
  await menu.getByText('Bash', { exact: true }).click();
  await expect(page.locator('.mage-BlockHeader')).toHaveCount(5);
  await cell(page, 4).locator('.cm-content').click();
  await page.keyboard.insertText('for x in 1 2; do echo "word $x"; done');
  await page.keyboard.press('Control+Enter');
  await expect(cell(page, 4).locator('.jp-OutputArea')).toContainText(
    'word 2',
    {
      timeout: 60000
    }
  );
  await expect(keywords(page, 4).filter({ hasText: /^for$/ })).toHaveCount(1);
  await shot(page, 'other-language');
});
