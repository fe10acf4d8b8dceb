// Scrolling a stored table of any size in a running JupyterLab.
//
//   node benchmarks/grid.mjs http://localhost:8888 TOKEN PROJECT PIPELINE BLOCK
//
// Needs playwright-core and Chromium (CHROMIUM=/usr/bin/chromium), and a server
// started with --LabApp.expose_app_in_browser=True.
import { chromium } from 'playwright-core';

const [base, token, project, pipeline, block] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox']
});
const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
let requests = 0;
page.on('request', request => {
  requests += request.url().includes('/rows?') ? 1 : 0;
});
await page.goto(`${base}/lab?token=${token}&reset`);
await page.waitForFunction(() => window.jupyterapp);
await page.evaluate(() => window.jupyterapp.restored);
await page.evaluate(
  args => void window.jupyterapp.commands.execute('mage:open-product', args),
  { project, pipeline, block, output: 'output_0' }
);
await page.waitForSelector('.mage-Product .lm-DataGrid');
await page.waitForTimeout(3000);
const box = await page.locator('.mage-Product .lm-DataGrid').boundingBox();
await page.mouse.move(box.x + 200, box.y + 200);
const session = await page.context().newCDPSession(page);
await session.send('Profiler.enable');
await session.send('Profiler.start');
requests = 0;
const started = Date.now();
const STEPS = 10;
for (let step = 0; step < STEPS; step++) {
  await page.mouse.wheel(0, 900);
}
const wall = Date.now() - started;
const { profile } = await session.send('Profiler.stop');
const names = new Map(profile.nodes.map(node => [node.id, node.callFrame]));
const spent = { drawImage: 0, idle: 0, browser: 0, script: 0 };
profile.samples.forEach((id, index) => {
  const { functionName } = names.get(id);
  const key = /drawImage|_blitContent|restore/.test(functionName)
    ? 'drawImage'
    : functionName === '(idle)'
      ? 'idle'
      : functionName === '(program)'
        ? 'browser'
        : 'script';
  spent[key] += profile.timeDeltas[index] / 1000 / STEPS;
});
console.log(`${STEPS} steps of 900 px: ${wall} ms, ${requests} requests`);
console.log('ms a step', spent);
await browser.close();
