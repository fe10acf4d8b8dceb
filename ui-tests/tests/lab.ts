import type { Locator, Page } from '@playwright/test';

interface ILabWindow {
  jupyterapp: {
    restored: Promise<void>;
    commands: {
      execute: (id: string, args?: object) => Promise<unknown>;
    };
  };
}

/** Run one of JupyterLab's commands. */
export async function execute(
  page: Page,
  id: string,
  args: object = {}
): Promise<void> {
  await page.evaluate(
    ([command, given]) =>
      (window as unknown as ILabWindow).jupyterapp.commands
        .execute(command as string, given as object)
        // What a command answers is a widget; only its end matters here.
        .then(() => undefined),
    [id, args] as const
  );
}

/** Load JupyterLab and wait until it can be used. */
export async function openLab(
  page: Page,
  options: { reset?: boolean; sidebar?: boolean } = {}
): Promise<void> {
  await page.goto(options.reset === false ? '/lab' : '/lab?reset');
  await page.waitForFunction(() => 'jupyterapp' in window, undefined, {
    timeout: 120000
  });
  // Before its layout is restored, a click may close what restoring opens.
  await page.evaluate(() =>
    (window as unknown as ILabWindow).jupyterapp.restored.then(() => undefined)
  );
  await page.locator('#jupyterlab-splash').waitFor({ state: 'detached' });
  if (options.sidebar && !(await page.locator('#mage-sidebar').isVisible())) {
    await page.locator('[data-id="mage-sidebar"]').click();
  }
}

/** Open a pipeline's notebook and wait for the headers of its blocks. */
export async function openPipeline(page: Page, path: string): Promise<void> {
  await execute(page, 'docmanager:open', { path, factory: 'Notebook' });
  await page.locator('.mage-BlockHeader').first().waitFor();
}

/** The header of the block at a place; its label says the state. */
export function stateOf(page: Page, index: number): Locator {
  return page.locator('.mage-BlockHeader').nth(index).locator('.mage-Header');
}
