// From a block's last line to its painted grid, in a running JupyterLab.
//
//   node benchmarks/painted.mjs URL TOKEN mage:bench/table.ipynb STAMP_FILE COUNT
//
// The block writes the moment of its last line (seconds) into STAMP_FILE. Prints
// the milliseconds of each repetition as JSON. Needs Playwright (ui-tests has
// it) and Chromium; the server runs with --LabApp.expose_app_in_browser=True.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(new URL('../ui-tests/', import.meta.url));
const { chromium } = require('@playwright/test');
const [base, token, path, stamp, count] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu']
});
try {
  const page = await browser.newPage({
    viewport: { width: 1440, height: 900 }
  });
  await page.goto(`${base}/lab?token=${token}&reset`);
  await page.waitForFunction(() => window.jupyterapp);
  await page.evaluate(() => window.jupyterapp.restored);
  await page.evaluate(
    given =>
      void window.jupyterapp.commands.execute('docmanager:open', {
        path: given,
        factory: 'Notebook'
      }),
    path
  );
  await page.locator('.mage-BlockHeader').first().waitFor();
  await page.evaluate(async () => {
    const panel = window.jupyterapp.shell.currentWidget;
    await panel.sessionContext.ready;
    await panel.sessionContext.session.kernel.info;
  });
  const painted = [];
  for (let number = 0; number <= Number(count); number++) {
    const at = await page.evaluate(async () => {
      const { commands } = window.jupyterapp;
      await commands.execute('notebook:clear-all-cell-outputs');
      const grid = () => document.querySelector('.jp-Notebook .lm-DataGrid');
      const frame = () => new Promise(done => requestAnimationFrame(done));
      while (grid()) {
        await frame();
      }
      void commands.execute('notebook:run-all-cells');
      while (!grid()) {
        await frame();
      }
      await frame();
      await frame();
      return Date.now();
    });
    if (number) {
      painted.push(at - Number(readFileSync(stamp, 'utf8')) * 1000);
    }
    await page.waitForTimeout(1500);
  }
  console.log(JSON.stringify(painted));
} finally {
  await browser.close();
}
