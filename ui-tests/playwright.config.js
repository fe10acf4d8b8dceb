const port = process.env.MAGE_UI_PORT || '8899';

module.exports = {
  testDir: './tests',
  reporter: [['list']],
  workers: 1,
  // One more try where CI shares its machine; a failure that repeats is one.
  retries: process.env.CI ? 1 : 0,
  // Slow machines are no failures; what hangs is one.
  timeout: 180000,
  expect: { timeout: 30000 },
  use: {
    baseURL: `http://localhost:${port}`,
    viewport: { width: 1440, height: 900 },
    video: 'off',
    trace: 'off',
    screenshot: 'only-on-failure',
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
    timeout: 180000,
    reuseExistingServer: false
  }
};
