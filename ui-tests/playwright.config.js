const base = require('@jupyterlab/galata/lib/playwright-config');

const port = process.env.MAGE_UI_PORT || '8899';

module.exports = {
  ...base,
  testDir: './tests',
  reporter: [['list']],
  workers: 1,
  retries: 0,
  timeout: 120000,
  use: {
    ...base.use,
    baseURL: `http://localhost:${port}`,
    video: 'off',
    trace: 'off',
    launchOptions: {
      executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync'
      ]
    }
  },
  webServer: {
    command: 'jlpm start',
    url: `http://localhost:${port}/lab`,
    timeout: 120000,
    reuseExistingServer: false
  }
};
