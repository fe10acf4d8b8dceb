// A pipeline of 300 blocks as a notebook, in a running JupyterLab.
//
//   python -m benchmarks.big_pipeline FOLDER/big
//   node benchmarks/notebook.mjs http://localhost:8888 TOKEN mage:big/notebook300.ipynb
//
// Needs Playwright (ui-tests has it) and Chromium, and a server started with
// --LabApp.expose_app_in_browser=True.
import { createRequire } from 'node:module';

const require = createRequire(new URL('../ui-tests/', import.meta.url));
const { chromium } = require('@playwright/test');
const [base, token, path] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu']
});
const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
await page.goto(`${base}/lab?token=${token}&reset`);
await page.waitForFunction(() => window.jupyterapp);
await page.evaluate(() => window.jupyterapp.restored);

const timed = async (name, work) => {
  const started = Date.now();
  await work();
  console.log(`${name}: ${Date.now() - started} ms`);
};
const headers = page.locator('.mage-BlockHeader .mage-Header');
await timed('open until the first header stands', async () => {
  await page.evaluate(
    given =>
      void window.jupyterapp.commands.execute('docmanager:open', {
        path: given,
        factory: 'Notebook'
      }),
    path
  );
  await headers.first().waitFor();
});
await page.waitForTimeout(5000);
await timed('to the last cell', async () => {
  await page.locator('.jp-Cell').first().click();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+End');
  await page.evaluate(() => {
    const { content } = window.jupyterapp.shell.currentWidget;
    content.activeCellIndex = content.widgets.length - 1;
    return content.scrollToItem(content.widgets.length - 1);
  });
  await headers.last().waitFor();
});
await timed('100 characters typed', async () => {
  await page.locator('.jp-mod-active .cm-content').click();
  for (let index = 0; index < 100; index++) {
    await page.keyboard.press('x');
  }
});
await page.evaluate(() => window.jupyterapp.commands.execute('notebook:undo'));
await timed('run all 300', async () => {
  await page.evaluate(() => window.jupyterapp.commands.execute('mage:run-all'));
  await page.waitForFunction(
    () =>
      document.querySelectorAll('.mage-Header[aria-label*="done"]').length >= 290,
    undefined,
    { timeout: 300000 }
  );
});
await browser.close();
