// Makes the pictures of the documentation: playwright test -c screens.config.js
const base = require('./playwright.config');

module.exports = { ...base, testDir: './screens' };
