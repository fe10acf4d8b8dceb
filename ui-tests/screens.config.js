// Makes the pictures of the documentation: playwright test -c screens.config.js
const base = require('./playwright.config');

process.env.MAGE_UI_GALLERY = '1';

module.exports = { ...base, testDir: './screens' };
