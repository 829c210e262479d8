/** For everybody: by keyboard, in light and dark, on a phone, and with a screen reader. */
import assert from 'node:assert/strict';
import {accessible, as, close, DESK, fitsThePhone, given, go, open, PHONE} from './browser.mjs';

/** Every page with something on it; of each a picture, where pictures are asked for. */
export const PAGES = [
  ['/', 'Overview', 'overview'], ['/models/credit', 'credit', 'model'],
  ['/models/credit/versions/2', 'credit, version 2', 'version'], ['/live', 'Live', 'live'], ['/access', 'Access', 'access'],
  ['/access/shop', 'shop', 'principal'], ['/approvals', 'Approvals', 'approvals'], ['/ledger', 'Ledger', 'ledger'],
  ['/ledger/2', 'Entry 2', 'proof'], ['/incidents', 'Incidents', 'incidents'], ['/incidents/1', /^1: /, 'incident'],
  ['/controls', 'Controls', 'controls'], ['/controls?scheme=nist-ai-rmf', 'Controls', 'requirements'], ['/inventory', 'Inventory', 'inventory'],
  ['/risks', 'Risks', 'risks'],
];

async function settled(page) {
  await page.getByText('Loading…').waitFor({state: 'detached'});
  await page.waitForTimeout(60);
}

async function picture(page, name) {
  if (given.pictures) await page.screenshot({path: `${given.pictures}/console-${name}.png`});
}

export const tests = {
  async 'no page has a serious fault of accessibility, in light or dark'() {
    for (const colorScheme of ['light', 'dark']) {
      const front = await open({colorScheme});
      await front.goto('/');
      await front.getByRole('heading', {name: 'Sign in'}).waitFor();
      await accessible(front, `sign-in in ${colorScheme}`);
      if (colorScheme === 'light') await picture(front, 'sign-in');
      await close(front);
      const page = await as('ben', {colorScheme});
      for (const [path, heading, name] of PAGES) {
        if (path.startsWith('/access/') && colorScheme === 'dark') continue;
        await go(page, path, heading);
        await settled(page);
        // In the dark, colours alone are others.
        await accessible(page, `${path} in ${colorScheme}`, colorScheme === 'dark' ? {runOnly: ['color-contrast']} : {});
        if (colorScheme === 'light') await picture(page, name);
        else if (path === '/') await picture(page, name + '-dark');
      }
      await go(page, '/models/credit', 'credit');
      await page.getByRole('button', {name: 'Quarantine…'}).click();
      await accessible(page, `a dialog in ${colorScheme}`);
      if (colorScheme === 'light') await picture(page, 'dialog');
      await close(page);
    }
  },

  async 'no page is wider than a phone, and the menu is there'() {
    const page = await as('ben', {viewport: PHONE});
    for (const [path, heading] of PAGES) {
      await go(page, path, heading);
      await settled(page);
      await fitsThePhone(page, path);
    }
    await go(page, '/', 'Overview');
    await settled(page);
    await picture(page, 'phone');
    await page.getByRole('button', {name: 'Menu'}).click();
    await fitsThePhone(page, 'the menu');
    await page.getByRole('link', {name: 'Ledger'}).click();
    await page.getByRole('heading', {name: 'Ledger', level: 1}).waitFor();
    await page.getByRole('link', {name: 'Overview'}).waitFor({state: 'hidden'});
    await accessible(page, 'the ledger on a phone');
    await close(page);
  },

  async 'everything is done by keyboard alone'() {
    const page = await open();
    await page.goto('/');
    await page.getByLabel('Name', {exact: true}).waitFor();
    const tabTo = async (wanted) => {
      for (let i = 0; i < 60; ++i) {
        await page.keyboard.press('Tab');
        const text = await page.evaluate(() => {
          const one = document.activeElement;
          if (one === document.body) return '';
          return [one.getAttribute('aria-label') ?? one.innerText ?? '', one.labels?.[0]?.innerText ?? '', one.id].join('|');
        });
        if (text.includes(wanted)) return;
      }
      assert.fail('no way by keyboard to: ' + wanted);
    };
    await tabTo('Name');
    await page.keyboard.type('anna');
    await tabTo('Password');
    await page.keyboard.type(given.password);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', {name: 'Overview'}).waitFor();
    await page.keyboard.press('Tab');
    assert.match(await page.evaluate(() => document.activeElement.innerText), /Skip to the content/);
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'content');
    await tabTo('credit');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', {name: 'credit', level: 1}).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.tagName), 'H1', 'the new page has the focus');
    await tabTo('Promote 3…');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await tabTo('Reason');
    await page.keyboard.type('by keyboard');
    await page.keyboard.press('Enter');
    await page.getByText('Version 3 serves.').waitFor();
    await close(page);
  },

  async 'the choice of colours is kept'() {
    const page = await as('ben', {colorScheme: 'light', viewport: DESK});
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await ground();
    await page.getByLabel('Colours').selectOption('dark');
    const dark = await ground();
    assert.notEqual(dark, light);
    await page.reload();
    await page.getByRole('heading', {name: 'Overview'}).waitFor();
    assert.equal(await ground(), dark);
    await page.getByLabel('Colours').selectOption('system');
    assert.equal(await ground(), light);
    await close(page);
  },
};
